import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * The password version of each account that a request to the OAuth2 server relies on: that of a checked password, or the
 * current one when the account's session, grant or code was read. What the request then saves for the account is stored only
 * if the version has not changed. So a request that runs during a password change cannot restore an ended session (ADR 17).
 */
export interface PasswordVersions {
  /** Runs a request. */
  run<Result>(request: () => Promise<Result>): Promise<Result>;
  /** Records the version of a checked password. */
  checked(accountId: string, version: number): void;
  /** Records the version that was read with an artifact, unless the account already has one. */
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
    checked: (accountId, version) => void versions().set(accountId, version),
    read(accountId, version) {
      if (!versions().has(accountId)) versions().set(accountId, version);
    },
    of(accountId) {
      const version = versions().get(accountId);
      if (version === undefined)
        throw new TypeError('an artifact is saved for an account that the request has not read');
      return version;
    },
  };
}
