import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import type { Middleware } from 'koa';
import { ConfigurationError } from '../../config/environment.ts';
import { minorDigits } from '../../domain/money.ts';
import { html } from '../../languages/markup.ts';
import { changingFile, type ServedFile, serveFiles } from '../http/files.ts';

/** The folder to which `npm run build` writes the pages of web/. */
const BUILD = join(import.meta.dirname, '../../.build/web');

/** What the pages need from the settings of the shop. They read it from their HTML. */
interface PageSettings {
  shopName: string;
  /** ISO 639. The language of pages for visitors whose language is not supported. */
  language: string;
  currency: string;
  /** Seconds until the alerts of a waiting and of a ready order. */
  delayedAfter: number;
  uncollectedAfter: number;
  /** Seconds between two heartbeats of an event stream. */
  heartbeat: number;
}

/** Returns the HTML file for a path. */
function pageAt(path: string): string | undefined {
  if (path === '/') return 'storefront.html';
  if (path === '/board' || path === '/display') return `${path.slice(1)}.html`;
  return /^\/orders\/[\w-]+\/follow$/.test(path) ? 'follow.html' : undefined;
}

const types: Record<string, string> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/**
 * Serves the pages for baristas and customers.
 *
 * @throws {ConfigurationError} if the pages are not built
 */
export function webPages(settings: PageSettings): Middleware {
  if (!existsSync(join(BUILD, 'board.html'))) {
    throw new ConfigurationError('The pages of web/ are not built. Run `npm run build`.');
  }
  const files = new Map([...assetFiles(), ...pageFiles(settings)].map((file) => [file.path, file]));
  return serveFiles((path) => files.get(pageAt(path) ?? path));
}

/** Returns the files that the pages load. Their names contain a hash of their content. */
function assetFiles(): ServedFile[] {
  const folder = join(BUILD, 'web');
  return readdirSync(folder)
    .filter((name) => extname(name) in types)
    .map((name) => ({
      path: `/web/${name}`,
      type: types[extname(name)] as string,
      body: readFileSync(join(folder, name)),
      gzip: readFileSync(join(folder, `${name}.gz`)),
      etag: `W/"${name}"`,
      immutable: true,
    }));
}

/** Returns the HTML files, with the settings in them. */
function pageFiles({ shopName, currency, ...settings }: PageSettings): ServedFile[] {
  const json = JSON.stringify({ shopName, currency, minorDigits: minorDigits(currency), ...settings });
  return readdirSync(BUILD)
    .filter((name) => name.endsWith('.html'))
    .map((name) => {
      const content = readFileSync(join(BUILD, name), 'utf8')
        // Without `<`, the settings cannot end their script element.
        .replace('{}', () => json.replaceAll('<', '\\u003c'))
        .replace('<title>Crema', () => html`<title>${shopName}`.markup);
      // The storefront shows pictures of products, which can be on any https server.
      const images = name === 'storefront.html' ? 'https:' : '';
      return { ...changingFile(name, 'text/html; charset=utf-8', content), images };
    });
}
