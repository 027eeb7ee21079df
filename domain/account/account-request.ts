/**
 * What is to be mailed about an account: ids alone, as what stands in a workflow's history cannot be taken back. The rest is
 * read when it is sent.
 */
export type AccountMailRequest =
  | { about: 'request'; requestId: string }
  | { about: 'address_asked'; userId: string }
  | {
      about: 'password_changed';
      userId: string;
      /** The version that is to be announced: the mail waits for it. Absent in older histories: there it was changed already. */
      passwordVersion?: number;
    };

/** Somebody who is to be forgotten. */
export interface Erasure {
  userId: string;
  /** When their account was made, in ms since the epoch: tells them from who got the same id later, as seeds do. */
  registeredAt: number;
}
