/** The type of the workflow that sends one mail about an account. */
export const accountMailWorkflowType = 'accountMail';

/** @param id the request's id, or one made up for a mail without a request */
export const accountMailIdOf = (id: string): string => `account-mail-${id}`;

/** The type of the workflow that forgets a person. */
export const erasureWorkflowType = 'erasure';

export const erasureIdOf = (userId: string): string => `erase-${userId}`;
