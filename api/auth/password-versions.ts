import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * Keeps, during a request to the OAuth2 server, the version of an account's password that the request relies on. It is the
 * version of a password that was checked, or the one that was current when the account's session, grant or code was read.
 * What the request saves for the account counts only while that version does: so a request that runs while the password
 * changes cannot bring back a session that the change has ended.
 */
export interface PasswordVersions {
  /** Runs a request. */
  run<Result>(request: () => Promise<Result>): Promise<Result>;
  /** Records that the password was checked. */
  checked(accountId: string, version: number): void;
  /** Records what was read with an artifact of the account; the first one counts. */
  read(accountId: string, version: number): void;
  /** @throws {TypeError} if the request has neither checked a password of the account nor read an artifact of it */
  of(accountId: string): number;
}

export function createPasswordVersions(): PasswordVersions {
  const requests = new AsyncLocalStorage<Map<string, number>>();

  function versions(): Map<string, number> {
    const found = requests.getStore();
    if (!found) throw new TypeError('a password version is used outside of a request');
    return found;
  }

  return {
    run: (request) => requests.run(new Map(), request),
    checked(accountId, version) {
      versions().set(accountId, version);
    },
    read(accountId, version) {
      if (!versions().has(accountId)) versions().set(accountId, version);
    },
    of(accountId) {
      const version = versions().get(accountId);
      if (version === undefined) throw new TypeError('nothing was read of the account whose artifact is saved');
      return version;
    },
  };
}
