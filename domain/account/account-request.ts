/** An email about an account. It has ids only, because a workflow's history cannot be erased. The email's activity reads the rest. */
export type AccountEmailRequest =
  | { about: 'request'; requestId: string }
  | { about: 'address_asked'; userId: string }
  | {
      about: 'password_changed';
      userId: string;
      /** The password version that the email waits for. Absent in older histories, which start after the change. */
      passwordVersion?: number;
    };

/** The erasure of a user. */
export interface Erasure {
  userId: string;
  /** In ms since the epoch. A user who got the same id later, as seeds do, is not erased. */
  registeredAt: number;
}
