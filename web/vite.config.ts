import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

const page = (name: string) => join(import.meta.dirname, `${name}.html`);

/** Writes a compressed copy beside every file that a page loads, so that the API does not compress them. */
const compressed: Plugin = {
  name: 'compressed',
  generateBundle: {
    order: 'post',
    handler(_options, bundle) {
      for (const file of Object.values(bundle)) {
        if (file.fileName.endsWith('.html')) continue;
        const source = gzipSync(file.type === 'chunk' ? file.code : file.source, { level: 9 });
        this.emitFile({ type: 'asset', fileName: `${file.fileName}.gz`, source });
      }
    },
  },
};

export default defineConfig({
  root: import.meta.dirname,
  build: {
    outDir: '../.build/web',
    emptyOutDir: true,
    assetsDir: 'web',
    // Every file gets a name with a hash, and the Content-Security-Policy forbids inline scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2023',
    rolldownOptions: { input: [page('storefront'), page('board'), page('display'), page('follow')] },
  },
  plugins: [compressed],
});
