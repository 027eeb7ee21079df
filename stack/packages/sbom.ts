import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import { lockedPackages } from './lock-file.ts';

// `npm run sbom`: writes the software bill of materials as CycloneDX; with --check, only says whether it is valid and
// whole. It is of what is installed here, so every release makes its own, and none is committed.
const FILE = '.build/sbom.cdx.json';

// Not with --omit=dev: npm 11.19 then leaves out whatever a package for development needs as well, Temporal's SDK among it.
// Those that are for development only say so.
const text = execFileSync('npm', ['sbom', '--sbom-format=cyclonedx', '--sbom-type=application'], {
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'inherit'],
  maxBuffer: 100_000_000,
});
const invalid = await new Validation.JsonStrictValidator(Spec.Version.v1dot5).validate(text);
const { components } = JSON.parse(text) as { components: { 'bom-ref': string }[] };
const listed = new Set(components.map((each) => each['bom-ref']));
const missing = lockedPackages()
  .filter(({ name, version, optional }) => !optional && !listed.has(`${name}@${version}`))
  .map(({ name }) => name);

if (invalid) console.error('The bill of materials does not fit the schema of CycloneDX 1.5:', invalid);
if (missing.length > 0) console.error(`The bill of materials lacks ${missing.join(', ')}.`);
if (invalid || missing.length > 0) {
  process.exitCode = 1;
} else if (!process.argv.includes('--check')) {
  mkdirSync('.build', { recursive: true });
  writeFileSync(FILE, text);
  console.log(`${FILE}: ${components.length} packages`);
}
