import type { SmtpOptions } from '../email/mail-servers.ts';

export type HoldingPoint = 'recipient' | 'whole email';

/** Holds emails at an SMTP server: the server does not answer until the emails are released. */
export interface HeldEmails {
  /** The options of the SMTP server, for `openShop`. */
  smtp: SmtpOptions;
  /** Starts to hold emails: at their recipient, or when the server has the whole email. */
  hold(point?: HoldingPoint): void;
  /** Returns the number of held emails. */
  waiting(): number;
  /** Accepts all held emails and all later ones. */
  release(): void;
}

export function createHeldEmails(): HeldEmails {
  let held: (() => void)[] | undefined;
  let heldAt: HoldingPoint = 'recipient';
  const pass = (point: HoldingPoint, goOn: () => void) => {
    if (held && heldAt === point) held.push(goOn);
    else goOn();
  };
  return {
    smtp: {
      onRcptTo: (_, __, done) => pass('recipient', done),
      beforeAnswer: () => new Promise((resolve) => pass('whole email', resolve)),
    },
    hold(point = 'recipient') {
      held ??= [];
      heldAt = point;
    },
    waiting: () => held?.length ?? 0,
    release() {
      for (const goOn of held?.splice(0) ?? []) goOn();
      held = undefined;
    },
  };
}
