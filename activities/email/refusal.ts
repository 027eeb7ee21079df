/**
 * The mail server said no for good, to this recipient or this message: trying again would get the same answer.
 *
 * Messages of these errors are kept in the ledger and in Temporal's histories, also after a person was erased. So they have
 * codes, never the server's own words: those name addresses and people.
 */
export class PermanentRefusal extends Error {
  override name = 'PermanentRefusal';
}

/** The mail server has the whole message and did not say whether it accepts it: the mail may arrive, and a second one as well. */
export class Unanswered extends Error {
  override name = 'Unanswered';
}

/**
 * @param why codes alone: of the mail server's answer, or of what happened to the connection
 * @param kind `server` is the host and port, where the shop's owner has set them
 */
export function failureOf(why: string, kind: { refused: boolean; unanswered: boolean; server?: string }): Error {
  if (kind.refused) return new PermanentRefusal(`The mail server refused it: ${why}`);
  if (kind.unanswered) return new Unanswered(`The mail server did not confirm the email: ${why}`);
  return new Error(`Email was not sent${kind.server ? ` through ${kind.server}` : ''}: ${why}`);
}
