/** The type of the workflow that sends one email about an account. */
export const accountEmailWorkflowType = 'accountMail';

/** @param id the account request's id, or a new id for an email that no request caused */
export const accountEmailIdOf = (id: string): string => `account-mail-${id}`;

/** The type of the workflow that erases a user. */
export const erasureWorkflowType = 'erasure';

export const erasureIdOf = (userId: string): string => `erase-${userId}`;
