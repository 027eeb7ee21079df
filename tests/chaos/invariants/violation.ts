/** The row of the report that counts a violation. */
export type Class = 'lost' | 'doubled' | 'stuck' | 'skipped' | 'mail missing' | 'mail doubled' | 'other';

/** A broken invariant. */
export interface Violation {
  /** Its number in docs/chaos.md. */
  invariant: number;
  class: Class;
  what: string;
}

/** The result of a check. */
export type Found = Omit<Violation, 'invariant'>;

const ofClass =
  (name: Class) =>
  (what: string): Found => ({ class: name, what });

export const lost = ofClass('lost');
export const doubled = ofClass('doubled');
export const stuck = ofClass('stuck');
export const skipped = ofClass('skipped');
export const emailMissing = ofClass('mail missing');
export const emailDoubled = ofClass('mail doubled');
export const other = ofClass('other');
