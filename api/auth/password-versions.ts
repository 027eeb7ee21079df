import { AsyncLocalStorage } from 'node:async_hooks';

export type PasswordVersions = ReturnType<typeof createPasswordVersions>;

/**
 * Tracks the password version of each account that a request to the OAuth2 server concerns. It is the version of the checked
 * password, or the version at the time when a session, grant or code of the account was read. An artifact of the account is
 * saved only if the account still has this version. So a request that runs during a password change cannot restore an ended
 * session (ADR 17).
 */
export function createPasswordVersions() {
  const requests = new AsyncLocalStorage<Map<string, number>>();

  function versions(): Map<string, number> {
    const found = requests.getStore();
    if (!found) throw new TypeError('password versions are available only inside `run`');
    return found;
  }

  return {
    /** Runs a request, for which the other functions then record and return versions. */
    run: <Result>(request: () => Promise<Result>) => requests.run(new Map(), request),
    /** Records the version of a checked password. */
    checked: (accountId: string, version: number) => void versions().set(accountId, version),
    /** Records the version that was read with an artifact, unless this request already has a version for the account. */
    read(accountId: string, version: number): void {
      if (!versions().has(accountId)) versions().set(accountId, version);
    },
    of(accountId: string): number {
      const version = versions().get(accountId);
      if (version === undefined)
        throw new TypeError('no password version was recorded for the account in this request');
      return version;
    },
  };
}
