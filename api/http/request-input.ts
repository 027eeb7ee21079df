import type { Context } from 'koa';
import { z } from 'zod';
import { faultDetail } from './fault-detail.ts';
import { type BodyOptions, readJson } from './json-body.ts';
import { type Fault, type FaultLocation, invalidRequest } from './problem.ts';

export type Schema = z.ZodType | undefined;
export type Parsed<S extends Schema> = S extends z.ZodType ? z.output<S> : undefined;

/** The schemas of the parts of a request. Without a query schema, every query parameter is rejected. */
export interface InputSchemas<
  Params extends Schema = Schema,
  Query extends Schema = Schema,
  Headers extends Schema = Schema,
  Body extends Schema = Schema,
> extends BodyOptions {
  params?: Params;
  query?: Query;
  headers?: Headers;
  body?: Body;
}

const noQuery = z.strictObject({});

/** Parses and validates every part of a request. @throws {Problem} `invalid_request`, which lists all faults */
export async function parseInput(schemas: InputSchemas, ctx: Context) {
  const faults: Fault[] = [];
  const parse = <S extends Schema>(schema: S, value: unknown, locate: Locate): Parsed<S> => {
    const result = schema?.safeParse(value, { error: faultDetail });
    if (result?.error) faults.push(...result.error.issues.flatMap((issue) => faultsOf(issue, locate)));
    return result?.data as Parsed<S>;
  };
  // The location names the parameter, even if only one of its values has a fault.
  const parameter: Locate = ([name = '']) => ({ parameter: name });
  const params = parse(schemas.params, ctx.params, parameter);
  const query = parse(schemas.query ?? noQuery, { ...ctx.query }, parameter);
  const headers = parse(schemas.headers, ctx.headers, (path) => ({ header: path.join('.') }));
  const { value, fault } = schemas.body ? await readJson(ctx, schemas) : {};
  if (fault) throw invalidRequest([...faults, fault]);
  const body = parse(schemas.body, value, (path) => ({ pointer: toPointer(path) }));
  if (faults.length > 0) throw invalidRequest(faults);
  return { params, query, headers, body };
}

type Locate = (path: string[]) => FaultLocation;

function faultsOf(issue: z.core.$ZodIssue, locate: Locate): Fault[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ ...locate([...path, key]), detail: 'is unknown' }));
  }
  if (issue.code === 'invalid_union') {
    // The client most likely meant the alternative with the fewest faults, so only its faults are reported.
    const nearest = issue.errors.toSorted((one, other) => one.length - other.length)[0] ?? [];
    return nearest.flatMap((inner) => faultsOf(inner, (rest) => locate([...path, ...rest])));
  }
  return [{ ...locate(path), detail: issue.message }];
}

/** Returns a JSON Pointer as a URI fragment (RFC 6901 §6). */
export const toPointer = (path: string[]): string =>
  `#${path.map((step) => `/${encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1'))}`).join('')}`;
