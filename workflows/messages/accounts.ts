/** The type of the workflow that sends one email about an account. */
export const accountEmailWorkflowType = 'accountMail';

/** @param id of the request, or a new id for an email without a request */
export const accountEmailIdOf = (id: string): string => `account-mail-${id}`;

/** The type of the workflow that erases a user. */
export const erasureWorkflowType = 'erasure';

export const erasureIdOf = (userId: string): string => `erase-${userId}`;
