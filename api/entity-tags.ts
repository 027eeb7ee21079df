/** The versions that a client accepts (`If-Match`); undefined for any. */
export type ExpectedVersions = readonly number[] | undefined;

/** Returns the `ETag` of something with a version. */
export const etagOf = ({ version }: { version: number }): string => `"${version}"`;

export const accepts = (expected: ExpectedVersions, version: number): boolean => expected?.includes(version) ?? true;

/** `*` or a list of entity tags (RFC 9110 §13.1.1). */
export const IF_MATCH = /^(\*|(W[/])?"[\x21\x23-\x7e]*"([ \t]*,[ \t]*(W[/])?"[\x21\x23-\x7e]*")*)$/;

/** What compressing proxies append to an entity tag: `"2-gzip"` (Apache, Caddy), `"2--gzip"` (Jetty). */
const CODING = /--?(?:gzip|deflate|br|zstd)"$/;

/**
 * Reads a valid `If-Match`, comparing weakly: proxies that compress turn `"2"` into `W/"2"` or `"2-gzip"` (ADR 21).
 *
 * @returns an empty list if none of the tags names a version
 */
export function expectedVersions(ifMatch: string): ExpectedVersions {
  if (ifMatch === '*') return undefined;
  return tagsIn(ifMatch).flatMap((tag) => {
    const [, version] = /^"([1-9]\d{0,8})"$/.exec(plain(tag)) ?? [];
    return version === undefined ? [] : [Number(version)];
  });
}

/** Whether a client has the representation with this tag already: `*`, or a list of tags, compared weakly (RFC 9110 §13.1.2). */
export function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch?.trim() === '*') return true;
  const opaque = etag.replace(/^W\//, '');
  return tagsIn(ifNoneMatch ?? '').some((tag) => tag === opaque || plain(tag) === opaque);
}

/** The opaque parts of the tags of a list, in quotes. */
const tagsIn = (list: string): string[] => list.match(/"[^"]*"/g) ?? [];

const plain = (tag: string): string => tag.replace(CODING, '"');
