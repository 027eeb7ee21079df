import type { Middleware } from 'koa';
import { stringify } from 'yaml';
import { changingFile, serveFiles } from '../http/files.ts';
import { docsPages } from './pages.ts';

/** Serves the documents as `/<name>.json` and `/<name>.yaml`, and the pages `/docs` and `/docs/problems`. */
export function docs(documents: Record<'openapi' | 'asyncapi', object>, shopName: string): Middleware {
  const files = [
    ...Object.entries(documents).flatMap(([name, document]) => [
      changingFile(`/${name}.json`, 'application/json', JSON.stringify(document)),
      changingFile(`/${name}.yaml`, 'application/yaml', stringify(document, { aliasDuplicateObjects: false })),
    ]),
    ...docsPages(shopName),
  ];
  const byPath = new Map(files.map((file) => [file.path, file]));
  return serveFiles((path) => byPath.get(path));
}
