/**
 * The mail server said no for good, to this recipient or this message: trying again would get the same answer. Its
 * message names no address, because failures stand in a workflow's history (design §2).
 */
export class PermanentRefusal extends Error {
  override name = 'PermanentRefusal';
}

/**
 * What may be thrown of a failed attempt: of every address only its domain, and no cause, which would still hold the rest.
 *
 * @param refused whether the failure is for good; anything else is an outage, worth another attempt
 */
export function failureOf(error: unknown, refused: boolean): Error {
  const { name = 'Error', message = String(error), code } = error as Partial<Error & { code: string }>;
  const said = message.replace(/[^\s<>"'=:,;]+@/g, '…@');
  if (refused) return new PermanentRefusal(said);
  const late = name === 'AbortError' ? 'no final answer within the deadline: ' : '';
  return new Error(`Email was not sent: ${late}${said} (${code ?? name})`);
}
