import type { SMTPServerOptions } from 'smtp-server';

/** Holds emails at an SMTP server: the server does not answer the recipient of an email until it is released. */
export interface HeldEmails {
  /** The options of the SMTP server, for `openShop`. */
  smtp: SMTPServerOptions;
  /** Starts to hold emails. */
  hold(): void;
  /** Returns the number of held emails. */
  waiting(): number;
  /** Accepts all held emails and all later ones. */
  release(): void;
}

export function createHeldEmails(): HeldEmails {
  let held: (() => void)[] | undefined;
  return {
    smtp: {
      onRcptTo(_, __, done) {
        if (held) held.push(done);
        else done();
      },
    },
    hold() {
      held ??= [];
    },
    waiting: () => held?.length ?? 0,
    release() {
      for (const goOn of held?.splice(0) ?? []) goOn();
      held = undefined;
    },
  };
}
