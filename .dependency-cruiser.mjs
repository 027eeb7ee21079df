// Which folder may import which (docs/architecture.md). tests and bench are not listed: they may import anything.
const folders = {
  domain: [],
  workflows: ['domain', 'activities'], // types of activities only, see below
  languages: ['domain'],
  mail: ['domain', 'languages'],
  webhooks: ['domain', 'db', 'config', 'workflows'], // payloads only, see below
  activities: ['domain', 'db', 'mail', 'webhooks'],
  worker: ['workflows', 'activities', 'webhooks', 'domain', 'db', 'mail', 'config', 'languages'],
  api: ['domain', 'db', 'config', 'languages', 'mail', 'webhooks', 'workflows'], // messages and payloads only, see below
  manage: ['domain', 'db', 'config'],
  db: ['domain'],
  config: ['domain'],
  web: [],
  stack: ['config', 'domain', 'api', 'worker'], // settings of api and worker only, see below
};

// The commands of db read settings, so they may import config.
const databaseCommands = '^db/(migrate|seed|settings)[.]ts$';

// Definitions that workflows share with their clients.
const messages = '^workflows/messages(/|[.]ts$)';

// Payload encryption and the keys of message signatures, outside the sandbox.
const payloads = '^workflows/payloads/';

const packages = ['npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-bundled', 'npm-no-pkg', 'npm-unknown'];
const sandboxPackages = '^node_modules/(@temporalio/(workflow|common)|@noble/hashes)/';
const vagueNames = '(^|/)(shared|common|utils?|helpers?)(/|[.]ts$)';
const ownFiles = '^(?!node_modules/)';

const arrows = Object.entries(folders).map(([folder, allowed]) => ({
  name: `folder-${folder}`,
  comment: `${folder} may import ${allowed.length ? allowed.join(', ') : 'no other folder'}.`,
  severity: 'error',
  from: { path: `^${folder}/`, ...(folder === 'db' && { pathNot: databaseCommands }) },
  to: { dependencyTypes: ['local'], pathNot: [folder, ...allowed].map((name) => `^${name}/`) },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...arrows,
    {
      name: 'folder-db-commands',
      comment: 'The commands of db may import db, domain and config.',
      severity: 'error',
      from: { path: databaseCommands },
      to: { dependencyTypes: ['local'], pathNot: '^(db|domain|config)/' },
    },
    {
      name: 'only-settings-of-processes',
      comment: 'stack starts api and worker as processes, so it may import their settings only.',
      severity: 'error',
      from: { path: '^stack/' },
      to: { path: '^(api|worker)/', pathNot: '^(api|worker)/settings[.]ts$' },
    },
    {
      name: 'domain-is-pure',
      comment: 'domain imports no package and no part of Node.',
      severity: 'error',
      from: { path: '^domain/' },
      to: { pathNot: '^domain/' },
    },
    {
      name: 'workflows-import-types-of-activities',
      comment: 'Activities run outside the sandbox: a workflow imports their types (`import type`), never their code.',
      severity: 'error',
      from: { path: '^workflows/' },
      to: { path: '^activities/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'workflows-run-in-the-sandbox',
      comment: 'Workflow code may use @temporalio/workflow, @temporalio/common and @noble/hashes (ADR 18), no other package.',
      severity: 'error',
      from: { path: '^workflows/', pathNot: payloads },
      to: { dependencyTypes: packages, pathNot: sandboxPackages },
    },
    {
      name: 'workflows-are-deterministic',
      comment: "Node's own modules do not exist in the sandbox.",
      severity: 'error',
      from: { path: '^workflows/', pathNot: payloads },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'payloads-stay-outside',
      comment: 'Payloads are encrypted and decrypted outside the sandbox. Workflow code receives them decrypted.',
      severity: 'error',
      from: { path: '^workflows/', pathNot: payloads },
      to: { path: payloads },
    },
    {
      name: 'only-messages-of-workflows',
      comment: 'api and webhooks may import only messages and payloads of workflows.',
      severity: 'error',
      from: { path: '^(api|webhooks)/' },
      to: { path: '^workflows/', pathNot: [messages, payloads] },
    },
    {
      name: 'messages-stand-alone',
      comment: 'Clients load the messages too, so messages import only domain and the packages that workflow code may use.',
      severity: 'error',
      from: { path: messages },
      to: { pathNot: [messages, '^domain/', sandboxPackages] },
    },
    {
      name: 'no-cycles',
      comment: 'Imports of types also count.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-vague-names-from',
      comment: 'Name a file or folder after its content, not shared, common, utils or helpers.',
      severity: 'error',
      from: { path: `${ownFiles}.*${vagueNames}` },
      to: {},
    },
    {
      name: 'no-vague-names-to',
      comment: 'Name a file or folder after its content, not shared, common, utils or helpers.',
      severity: 'error',
      from: {},
      to: { path: vagueNames, dependencyTypes: ['local'] },
    },
    {
      name: 'no-dev-dependencies-in-production',
      comment: 'The image has production dependencies only. stack runs on development machines, so it may use all.',
      severity: 'error',
      from: { path: '^(domain|languages|mail|workflows|activities|webhooks|worker|api|manage|db|config)/' },
      to: { dependencyTypes: ['npm-dev', 'npm-optional', 'npm-peer'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'only-listed-packages',
      comment: 'package.json must list every package that the code imports.',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'resolvable',
      comment: 'The imported file or package does not exist.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    // dependency-cruiser cannot parse with TypeScript 7. swc distinguishes `import type` from other imports.
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^([.]data|[.]build|coverage|docs|tests/clients/[^/]+|web/client)/' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['node', 'import', 'default', 'types'] },
  },
};
