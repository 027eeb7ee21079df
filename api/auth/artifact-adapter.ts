import { type Adapter, type AdapterPayload, errors } from 'oidc-provider';
import type { FoundArtifact, OidcArtifactRepository } from '../../db/oidc-artifacts.ts';
import type { ServiceClientRepository } from '../../db/service-clients.ts';
import { GRANT_TYPE, SERVICE_SCOPES } from './client-credentials-grant.ts';
import type { PasswordVersions } from './password-versions.ts';

interface Dependencies {
  artifacts: OidcArtifactRepository;
  serviceClients: ServiceClientRepository;
  passwordVersions: PasswordVersions;
  /** Called with the id of every grant that ends. */
  onEnded: (grantId: string) => void;
}

/** Stores the artifacts of `oidc-provider` in Postgres. `kind` is the name of the artifact's model in `oidc-provider`. */
export function createArtifactAdapter(dependencies: Dependencies): (kind: string) => Adapter {
  const { artifacts, serviceClients, passwordVersions, onEnded } = dependencies;
  /** Returns an artifact's payload. Records the account's password version, for later saves in the same request. */
  function payloadOf(found: FoundArtifact | undefined): AdapterPayload | undefined {
    const accountId = found && accountOf(found.payload);
    if (accountId && found.passwordVersion !== undefined) passwordVersions.read(accountId, found.passwordVersion);
    return found?.payload;
  }

  return (kind) => ({
    async upsert(id, payload, expiresIn) {
      const accountId = accountOf(payload);
      const save = (passwordVersion?: number) =>
        artifacts.save(kind, id, { ...payload, accountId }, { expiresIn, passwordVersion });
      if (await save(accountId === undefined ? undefined : passwordVersions.of(accountId))) return;
      // A password change removes the grants of all sessions but the one that made it. So if the grant still exists, this
      // session changed the password.
      const grant = payload.grantId ? await artifacts.find('Grant', payload.grantId) : undefined;
      if (grant && (await save(grant.passwordVersion))) return;
      throw new errors.InvalidGrant('the password has changed');
    },
    find: async (id) =>
      kind === 'Client' ? findServiceClient(serviceClients, id) : payloadOf(await artifacts.find(kind, id)),
    findByUid: async (uid) => payloadOf(await artifacts.findByUid(kind, uid)),
    // Only the device flow, which is disabled, needs this method.
    findByUserCode: async () => undefined,
    async destroy(id) {
      await artifacts.remove(kind, id);
      if (kind === 'Grant') onEnded(id);
    },
    revokeByGrantId: (grantId) => artifacts.removeByGrant(kind, grantId),
    async consume(id) {
      if (await artifacts.consume(kind, id)) return;
      // oidc-provider reads a token before it consumes it, so concurrent requests with the same token all call this function.
      // It succeeds for one of them. The others count as theft of the token (RFC 9700 §4.14.2), so the grant ends.
      const grantId = await artifacts.removeFamily(kind, id);
      if (grantId) onEnded(grantId);
      throw new errors.InvalidGrant('used by two requests at the same time');
    },
  });
}

/**
 * Returns the id of the account that owns an artifact. A completed sign-in belongs to the signed-in user, so that a password
 * change ends it, too.
 */
const accountOf = ({ accountId, result }: AdapterPayload): string | undefined => accountId ?? result?.login?.accountId;

/**
 * Returns the metadata of a service client, which is a confidential client (RFC 7591 §2). `client_secret` is a hash, so
 * `provider.ts` replaces oidc-provider's comparison of secrets.
 */
async function findServiceClient(clients: ServiceClientRepository, id: string): Promise<AdapterPayload | undefined> {
  const found = await clients.find(id);
  if (!found) return undefined;
  return {
    client_id: found.id,
    client_name: found.name,
    client_secret: found.secretHash,
    token_endpoint_auth_method: 'client_secret_basic',
    grant_types: [GRANT_TYPE],
    response_types: [],
    redirect_uris: [],
    [SERVICE_SCOPES]: found.scopes,
  };
}
