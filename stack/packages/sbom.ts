import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import { lockedPackages } from './lock-file.ts';

// `npm run sbom`: writes the software bill of materials in CycloneDX format. With --check, only validates it. It lists the
// packages that are installed on this machine, so it is generated for each release and not committed.
const FILE = '.build/sbom.cdx.json';

// --omit=dev is not used, because with it, npm 11.19 also omits packages that both Crema and a development package need, such as
// Temporal's SDK. Packages for development only are marked in the output.
const output = execFileSync('npm', ['sbom', '--sbom-format=cyclonedx', '--sbom-type=application'], {
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'inherit'],
  maxBuffer: 100_000_000,
});
const bom = JSON.parse(output) as {
  components: { 'bom-ref': string }[];
  dependencies: { ref: string; dependsOn: string[] }[];
};
// npm 10 lists a package once for each folder that contains it, so duplicates are merged.
bom.components = [...new Map(bom.components.map((each) => [each['bom-ref'], each])).values()];
bom.dependencies = [...Map.groupBy(bom.dependencies, ({ ref }) => ref)].map(([ref, same]) => ({
  ref,
  dependsOn: [...new Set(same.flatMap(({ dependsOn }) => dependsOn))],
}));
const text = `${JSON.stringify(bom, null, 2)}\n`;

const invalid = await new Validation.JsonStrictValidator(Spec.Version.v1dot5).validate(text);
const listed = new Set(bom.components.map((each) => each['bom-ref']));
const missing = lockedPackages()
  .filter(({ name, version, optional }) => !optional && !listed.has(`${name}@${version}`))
  .map(({ name }) => name);

if (invalid) console.error('The bill of materials does not match the schema of CycloneDX 1.5:', invalid);
if (missing.length > 0) console.error(`The bill of materials lacks ${missing.join(', ')}.`);
if (invalid || missing.length > 0) {
  process.exitCode = 1;
} else if (!process.argv.includes('--check')) {
  mkdirSync('.build', { recursive: true });
  writeFileSync(FILE, text);
  console.log(`${FILE}: ${bom.components.length} packages`);
}
