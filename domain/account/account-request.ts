/** An email about an account. Contains only ids, because a workflow's history cannot be erased. The activity reads the rest. */
export type AccountEmailRequest =
  | { about: 'request'; requestId: string }
  | { about: 'address_asked'; userId: string }
  | {
      about: 'password_changed';
      userId: string;
      /** The email is sent once the password has this version. Absent in older histories, which started after the change. */
      passwordVersion?: number;
    };

/** The erasure of a user. */
export interface Erasure {
  userId: string;
  /** In ms since the epoch. A user who was created later with the same id, for example by the seed, is not erased. */
  registeredAt: number;
}
