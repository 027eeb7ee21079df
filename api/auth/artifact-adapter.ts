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
      // A changed password removes the grants of all other sessions. An existing grant shows that this session changed it.
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
      // oidc-provider reads a token before it consumes it. So concurrent requests with the same token all get here, and only one
      // succeeds. A second use counts as theft of the token (RFC 9700 §4.14.2).
      const grantId = await artifacts.removeFamily(kind, id);
      if (grantId) onEnded(grantId);
      throw new errors.InvalidGrant('used by two requests at the same time');
    },
  });
}

/** Returns the account that owns an artifact. The signed-in user owns an interaction, so a new password ends it. */
const accountOf = ({ accountId, result }: AdapterPayload): string | undefined => accountId ?? result?.login?.accountId;

/** Returns a service client as a confidential client (RFC 7591 §2). Its secret is a hash, which `provider.ts` compares. */
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
