import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { readComposeFile } from './compose-file.ts';

const root = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');

/** The Dockerfile's instructions, each on one line, without comments. */
const instructions = read('Dockerfile')
  .split('\n')
  .filter((line) => line && !line.startsWith('#'))
  .join('\n')
  .replaceAll(/\\\n\s*/g, '')
  .split('\n');
const lastStage = instructions.slice(instructions.findLastIndex((line) => line.startsWith('FROM')));
const argumentsOf = (instruction: string) =>
  lastStage.filter((line) => line.startsWith(`${instruction} `)).map((line) => line.slice(instruction.length + 1));

/** The paths in the image: .dockerignore ignores everything, then names exceptions. */
const ignoreLines = read('.dockerignore')
  .split('\n')
  .filter((line) => line && !line.startsWith('#'));
const allowed = ignoreLines.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
const isAllowed = (path: string) => allowed.some((each) => path === each || path.startsWith(`${each}/`));

/** Returns the scripts that run in the image, by its own command and those of docker-compose.yml. */
function scripts(): string[] {
  const { services } = readComposeFile();
  const ours = Object.values(services).filter(({ image }) => image.startsWith('crema:'));
  const commands = [...argumentsOf('CMD'), ...ours.map(({ command = [] }) => command.join(' '))];
  return [...new Set(commands.flatMap((command) => command.match(/[a-z]+\/[\w/-]+\.ts/g) ?? []))];
}

/** Returns the paths of a script and of every project file that it loads. */
function loadedBy(path: string, seen = new Set<string>()): Set<string> {
  if (seen.has(path)) return seen;
  seen.add(path);
  const imports = read(path).matchAll(/(?:^import|^export|\bimport\()(?! type\b)[^;]*?['"](\.{1,2}\/[^'"]+)['"]/gm);
  for (const [, target = ''] of imports) loadedBy(relative(root, join(root, dirname(path), target)), seen);
  return seen;
}

test('runs the image as non-root with a command that receives signals', () => {
  expect(argumentsOf('USER')).toEqual(['node']);
  expect(JSON.parse(argumentsOf('CMD')[0] ?? '')).toEqual(['node', 'api/main.ts']);
});

test('labels the image with the version of package.json', () => {
  const { version } = JSON.parse(read('package.json'));

  expect(argumentsOf('LABEL')).toEqual([`org.opencontainers.image.version=${version}`]);
  expect(isAllowed('package.json')).toBe(true);
});

test('contains every file that its scripts load', () => {
  const entries = scripts();
  const loaded = new Set(
    [...entries, 'worker/build-bundle.ts', 'workflows/index.ts'].flatMap((path) => [...loadedBy(path)]),
  );

  expect(entries.sort()).toEqual([
    'api/main.ts',
    'db/migrate.ts',
    'db/seed.ts',
    'worker/main.ts',
    'worker/prepare-namespace.ts',
  ]);
  expect([...loaded].filter((path) => !isAllowed(path))).toEqual([]);
  // Without imports in every folder, the comparison above would be meaningless.
  for (const folder of ['api', 'worker', 'workflows', 'activities', 'domain', 'languages', 'mail', 'db', 'config']) {
    expect([...loaded].some((path) => path.startsWith(`${folder}/`))).toBe(true);
  }
});

test('excludes all other files from the image', () => {
  expect(ignoreLines[0]).toBe('*');
  for (const path of allowed) expect(existsSync(join(root, path))).toBe(true);
  for (const path of ['.env', '.data/x', '.git/config', 'node_modules/x', 'tests/x', 'stack/x']) {
    expect(isAllowed(path)).toBe(false);
  }
});

test('installs the locked production packages only', () => {
  const installs = instructions.filter((line) => line.includes('npm ci'));

  expect(installs).toHaveLength(1);
  expect(installs[0]).toContain('npm ci --omit=dev');
  expect(read('.npmrc')).toMatch(/^ignore-scripts=true$/m);
});

test('builds the pages, and copies them and the packages without their bundler', () => {
  const { scripts: commands } = JSON.parse(read('package.json'));

  expect(commands.build).toMatch(/ && npm run --silent build:web$/);
  expect(isAllowed('web/vite.config.ts')).toBe(true);
  expect(lastStage).toEqual(
    expect.arrayContaining([
      'COPY --from=bundle /app/node_modules node_modules',
      'COPY --from=bundle /app/.build .build',
    ]),
  );
});

test('starts the worker with the prebuilt bundle', () => {
  const environment = argumentsOf('ENV').join(' ');
  const { scripts: commands } = JSON.parse(read('package.json'));
  const bundle = /writeFile\('([^']+)'/.exec(read('worker/build-bundle.ts'))?.[1];

  expect(instructions).toContainEqual(expect.stringMatching(/^RUN npm run build /));
  expect(commands.build).toMatch(/^node worker\/build-bundle\.ts && /);
  expect(environment).toContain(`WORKFLOW_BUNDLE=${argumentsOf('WORKDIR')[0]}/${bundle}`);
  expect(environment).toContain('NODE_ENV=production');
});

test('uses a base image with the project’s major version of Node', () => {
  const base = /^ARG NODE_IMAGE=node:(\d+)-/m.exec(instructions.join('\n'))?.[1];

  expect(base).toBe(process.versions.node.split('.')[0]);
});
