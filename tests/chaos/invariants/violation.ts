/** Which count of the final table a violation goes into. */
export type Class = 'lost' | 'doubled' | 'stuck' | 'skipped' | 'mail missing' | 'mail doubled' | 'other';

/** Something that must never be. */
export interface Violation {
  /** Its number in design §10. */
  invariant: number;
  class: Class;
  what: string;
}

/** What one of the invariants' checks finds. */
export type Found = Omit<Violation, 'invariant'>;

const ofClass =
  (name: Class) =>
  (what: string): Found => ({ class: name, what });

export const lost = ofClass('lost');
export const doubled = ofClass('doubled');
export const stuck = ofClass('stuck');
export const skipped = ofClass('skipped');
export const mailMissing = ofClass('mail missing');
export const mailDoubled = ofClass('mail doubled');
export const other = ofClass('other');
