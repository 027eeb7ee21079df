import { type Adapter, errors } from 'oidc-provider';
import type { OidcArtifactRepository } from '../../db/oidc-artifacts.ts';

/** Gives `oidc-provider` our tables, in the shape it asks for. */
export function createArtifactAdapter(artifacts: OidcArtifactRepository): (kind: string) => Adapter {
  return (kind) => ({
    upsert: (id, payload, expiresIn) => artifacts.save(kind, id, { ...payload }, expiresIn),
    find: (id) => artifacts.find(kind, id),
    findByUid: (uid) => artifacts.findByUid(kind, uid),
    findByUserCode: (userCode) => artifacts.findByUserCode(kind, userCode),
    destroy: (id) => artifacts.remove(kind, id),
    revokeByGrantId: (grantId) => artifacts.removeByGrant(kind, grantId),
    async consume(id) {
      if (await artifacts.consume(kind, id)) return;
      // The library looks first and consumes later, so requests in the same instant all come this far. One of them has
      // won; a second use of the same token is theft until proved otherwise (RFC 9700 §4.14.2).
      await artifacts.removeFamily(kind, id);
      throw new errors.InvalidGrant('used twice at once');
    },
  });
}
