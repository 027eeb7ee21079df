import { type Adapter, type AdapterPayload, errors } from 'oidc-provider';
import type { FoundArtifact, OidcArtifactRepository } from '../../db/oidc-artifacts.ts';
import type { ServiceClientRepository } from '../../db/service-clients.ts';
import { GRANT_TYPE, SERVICE_SCOPES } from './client-credentials-grant.ts';
import type { PasswordVersions } from './password-versions.ts';

interface Dependencies {
  artifacts: OidcArtifactRepository;
  services: ServiceClientRepository;
  passwordVersions: PasswordVersions;
  /** Is told of every grant that ends. */
  ended: (grantId: string) => void;
}

/** Gives `oidc-provider` our tables, in the shape it asks for. */
export function createArtifactAdapter({
  artifacts,
  services,
  passwordVersions,
  ended,
}: Dependencies): (kind: string) => Adapter {
  /** The payload of what was read; what is saved later for its account counts for the password of this moment. */
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
      // Only the session that changed the password still has its grant.
      const grant = payload.grantId ? await artifacts.find('Grant', payload.grantId) : undefined;
      if (grant && (await save(grant.passwordVersion))) return;
      throw new errors.InvalidGrant('the password has changed');
    },
    find: async (id) => (kind === 'Client' ? findService(services, id) : payloadOf(await artifacts.find(kind, id))),
    findByUid: async (uid) => payloadOf(await artifacts.findByUid(kind, uid)),
    findByUserCode: async (userCode) => payloadOf(await artifacts.findByUserCode(kind, userCode)),
    async destroy(id) {
      await artifacts.remove(kind, id);
      if (kind === 'Grant') ended(id);
    },
    revokeByGrantId: (grantId) => artifacts.removeByGrant(kind, grantId),
    async consume(id) {
      if (await artifacts.consume(kind, id)) return;
      // The library looks first and consumes later, so requests in the same instant all come this far. One of them has
      // won; a second use of the same token is theft until proved otherwise (RFC 9700 §4.14.2).
      const grantId = await artifacts.removeFamily(kind, id);
      if (grantId) ended(grantId);
      throw new errors.InvalidGrant('used twice at once');
    },
  });
}

/** Whose an artifact is. An interaction that has signed somebody in is theirs: a new password must end it, too. */
const accountOf = ({ accountId, result }: AdapterPayload): string | undefined => accountId ?? result?.login?.accountId;

/** A service as a confidential client (RFC 7591 §2). What stands for its secret is the hash: see `createProvider`. */
async function findService(services: ServiceClientRepository, id: string): Promise<AdapterPayload | undefined> {
  const service = await services.find(id);
  return (
    service && {
      client_id: service.id,
      client_name: service.name,
      client_secret: service.secretHash,
      token_endpoint_auth_method: 'client_secret_basic',
      grant_types: [GRANT_TYPE],
      response_types: [],
      redirect_uris: [],
      [SERVICE_SCOPES]: service.scopes,
    }
  );
}
