import type { SMTPServerOptions } from 'smtp-server';

/** An SMTP server's way to keep mail waiting, as long as it is asked to. */
export interface HeldEmails {
  /** For `openShop`. */
  smtp: SMTPServerOptions;
  /** From now on mail waits. */
  hold(): void;
  /** How many mails wait. */
  waiting(): number;
  /** Lets all through that waits or comes from now on. */
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
