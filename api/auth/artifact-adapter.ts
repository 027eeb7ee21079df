import { type Adapter, type AdapterPayload, errors } from 'oidc-provider';
import type { OidcArtifactRepository } from '../../db/oidc-artifacts.ts';
import type { ServiceRepository } from '../../db/services.ts';
import { GRANT_TYPE, SERVICE_SCOPES } from './client-credentials-grant.ts';

/**
 * Gives `oidc-provider` our tables, in the shape it asks for.
 *
 * @param ended is told of every grant that ends
 */
export function createArtifactAdapter(
  artifacts: OidcArtifactRepository,
  services: ServiceRepository,
  ended: (grantId: string) => void,
): (kind: string) => Adapter {
  return (kind) => ({
    upsert(id, payload, expiresIn) {
      // An interaction that has signed somebody in is theirs: a new password must end it, too.
      const accountId = payload.accountId ?? payload.result?.login?.accountId;
      return artifacts.save(kind, id, { ...payload, accountId }, expiresIn);
    },
    find: (id) => (kind === 'Client' ? findService(services, id) : artifacts.find(kind, id)),
    findByUid: (uid) => artifacts.findByUid(kind, uid),
    findByUserCode: (userCode) => artifacts.findByUserCode(kind, userCode),
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

/** A service as a confidential client (RFC 7591 §2). What stands for its secret is the hash: see `createProvider`. */
async function findService(services: ServiceRepository, id: string): Promise<AdapterPayload | undefined> {
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
