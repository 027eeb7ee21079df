/** A position in the log, as clients store it. */
export interface Position {
  /** See `LogState` in db/event-log.ts. */
  epoch: string;
  n: number;
}

const POSITION = /^([0-9a-f]{12})-(\d{1,15})$/;

export const toPosition = ({ epoch, n }: Position): string => `${epoch}-${n}`;

/** Returns undefined for a malformed position. */
export function fromPosition(text: string): Position | undefined {
  const [, epoch, n] = POSITION.exec(text) ?? [];
  return epoch === undefined ? undefined : { epoch, n: Number(n) };
}
