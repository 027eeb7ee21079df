/** The type of the workflow that sends one email about an account. */
export const accountMailWorkflowType = 'accountMail';

/** @param id of the request, or a new id for an email without a request */
export const accountMailIdOf = (id: string): string => `account-mail-${id}`;

/** The type of the workflow that erases a user. */
export const erasureWorkflowType = 'erasure';

export const erasureIdOf = (userId: string): string => `erase-${userId}`;
