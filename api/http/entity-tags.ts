/** The versions that a client accepts (`If-Match`). undefined: any version. */
export type ExpectedVersions = readonly number[] | undefined;

/** Returns the `ETag` of a resource. */
export const etagOf = ({ version }: { version: number }): string => `"${version}"`;

export interface VersionMismatch {
  refused: 'version_mismatch';
  version: number;
}

/** Returns a refusal if the client does not accept this version. */
export const versionMismatch = (expected: ExpectedVersions, version: number): VersionMismatch | undefined =>
  !expected || expected.includes(version) ? undefined : { refused: 'version_mismatch', version };

/** Returns the resource, or a refusal if it does not exist or the client does not accept its version. */
export const ofExpectedVersion = <T extends { version: number }>(
  found: T | undefined,
  expected: ExpectedVersions,
): T | { refused: 'not_found' } | VersionMismatch =>
  found ? (versionMismatch(expected, found.version) ?? found) : { refused: 'not_found' };

/**
 * `*` or a list of entity tags (RFC 9110 §13.1.1), which may have empty elements (§5.6.1.2). Node reads bytes above 127 as
 * Latin-1, so tags may contain `\x80` to `\xff`.
 */
export const IF_MATCH = /^(\*|[ \t,]*(W[/])?"[!#-~\x80-\xff]*"([ \t]*,[ \t,]*(W[/])?"[!#-~\x80-\xff]*")*[ \t,]*)$/;

/**
 * Matches the end of a tag: the quotation mark, after any suffix that a compressing proxy adds. Such suffixes are `-gzip`
 * (Apache, Caddy), `--gzip` (Jetty), `;gzip` and `-bzip2` (lighttpd).
 */
const REST = /^(?:[-;+]{1,2}\w+)*"$/;

/**
 * Reads a valid `If-Match`. Accepts weak tags and suffixes, because proxies that compress turn `"2"` into `W/"2"` or `"2-gzip"`
 * (ADR 21).
 *
 * @returns the versions that the tags contain, without tags of another form; undefined for `*`
 */
export function expectedVersions(ifMatch: string): ExpectedVersions {
  if (ifMatch === '*') return undefined;
  return tagsIn(ifMatch).flatMap((tag) => {
    const [start = '', version] = /^"([1-9]\d{0,8})/.exec(tag) ?? [];
    return isTag(tag, `${start}"`) ? [Number(version)] : [];
  });
}

/** Returns whether `If-None-Match` is `*` or lists this tag, compared weakly (RFC 9110 §13.1.2). */
export function matchesIfNoneMatch(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch?.trim() === '*') return true;
  const opaque = etag.replace(/^W\//, '');
  return tagsIn(ifNoneMatch ?? '').some((tag) => isTag(tag, opaque));
}

/** Returns the opaque parts of the tags in a list, with their quotes. */
const tagsIn = (list: string): string[] => list.match(/"[^"]*"/g) ?? [];

/** Returns whether a tag equals ours, apart from a proxy's suffix. Both parameters are opaque parts with their quotes. */
const isTag = (tag: string, ours: string): boolean =>
  tag.startsWith(ours.slice(0, -1)) && REST.test(tag.slice(ours.length - 1));
