/** The `ETag` of something with a version. */
export const etagOf = ({ version }: { version: number }): string => `"${version}"`;

/**
 * The version that a client insists on (RFC 9110 §13.1.1).
 *
 * @returns `undefined` when any will do; -1, which nothing has, for a tag that is none of ours: weak ones never match
 */
export function expectedVersion(ifMatch: string | undefined): number | undefined {
  if (ifMatch === undefined || ifMatch === '*') return undefined;
  return Number(/^"([1-9]\d{0,8})"$/.exec(ifMatch)?.[1] ?? -1);
}
