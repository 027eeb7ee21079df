/** A place in the log, as readers keep it. */
export interface Position {
  /** Of the log: see `LogState`. */
  epoch: string;
  /** Everything up to there has been read. */
  n: number;
}

/** `<epoch>-<n>` */
const POSITION = /^([0-9a-f]{12})-(\d{1,15})$/;

export const toPosition = ({ epoch, n }: Position): string => `${epoch}-${n}`;

/** @returns `undefined` for a text that is no position */
export function fromPosition(text: string): Position | undefined {
  const [, epoch, n] = POSITION.exec(text) ?? [];
  return epoch === undefined ? undefined : { epoch, n: Number(n) };
}
