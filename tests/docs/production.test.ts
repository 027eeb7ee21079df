import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { leasePorts } from '../../stack/ports.ts';
import type { Service } from '../../stack/service.ts';
import { waitFor } from '../../stack/wait.ts';
import { startSmtp } from '../email/mail-servers.ts';
import { makeDataFolder } from '../evidence/keep-on-failure.ts';
import { missingPrograms, startSystemPostgres, systemPostgres } from './system-programs.ts';

// Runs all commands of docs/production.md in order, in one bash, with other values. This machine has neither systemd nor a
// system to change, so blocks for root and systemd are skipped, and nginx serves the page's site with a configuration of the test.

const root = resolve(import.meta.dirname, '../..');
const PAGE = join(root, 'docs/production.md');
const DEADLINE_MS = 420_000;

/** The blocks of commands of the page, each with the title of its section. */
const blocks = readFileSync(PAGE, 'utf8')
  .split(/^## /m)
  .flatMap((section) =>
    [...section.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, code = '']) => ({
      title: section.split('\n')[0] ?? '',
      code,
    })),
  );

/** Returns whether readers change the values of a block. */
const isYours = ({ title }: { title: string }) => title.includes('Your values');

/** Returns whether the page marks a block for root or systemd. */
const isLeftOut = ({ code }: { code: string }) => /^# (as root|with systemd)\n/.test(code);

/** The passwords that the test enters. */
const PASSWORDS = { manager: 'seven violins in the rain', customer: 'a lamp under the green ladder' };

/** The programs whose arguments the test records. */
const PROGRAMS = ['curl', 'jq', 'openssl', 'git', 'npm', 'pg_dump', 'pg_restore', 'sed', 'tail', 'base64', 'grep'];

/** Matches access tokens and tokens in links. */
const TOKEN = /eyJ[\w-]{10,}|token=[\w-]{16,}/;

const missing = missingPrograms(['bash', 'git', 'curl', 'jq', 'openssl', 'nginx', 'pgrep', 'postgres']);
const postgresBin = systemPostgres();
const lacks = `docs/production.md was not followed: this machine lacks ${missing.join(', ')}`;

if (missing.length === 0 && postgresBin) {
  test(
    'the commands of docs/production.md run a shop that loses no order',
    async () => {
      await follow(postgresBin);
    },
    DEADLINE_MS + 60_000,
  );
} else if (process.env.CI) {
  test('finds the programs that docs/production.md needs', () => {
    throw new Error(lacks);
  });
} else {
  test.skip(lacks, () => undefined);
}

async function follow(bin: string) {
  const folder = makeDataFolder('production').path;
  const smtp = await startSmtp();
  const postgres = await startSystemPostgres(bin, folder);
  let shell: Shell | undefined;
  try {
    const values = await valuesOf({ folder, postgres, smtp: smtp.url });
    shell = openShell(folder, scriptOf(values), bin);
    const { output, ended } = shell;
    const mailed = () => smtp.arrivals.find(({ to }) => to.includes(values.CUSTOMER_EMAIL));
    shell.type(PASSWORDS.manager, PASSWORDS.manager);
    await waitFor('The mail to the customer', () => ended.now || !!mailed(), { deadline: DEADLINE_MS });
    const link = /^https:\S+$/m.exec(mailed()?.mail.text ?? '')?.[0] ?? 'no link';
    shell.type(link, PASSWORDS.customer, PASSWORDS.customer);
    await waitFor('The end', () => ended.now || output.text.includes('### The end'), { deadline: DEADLINE_MS });

    expect(output.text.slice(-3_000)).toContain('### The end');
    const told = output.text;
    expect(told).toContain(`Postgres at 127.0.0.1:${new URL(postgres.url).port}/crema`);
    expect(told).toMatch(/"name": ?"Latte"[\s\S]*"name": ?"Vanilla"/);
    expect(told).toMatch(/\{"number":1,"status":"delivered","version":4\}\n4\n/);
    expect(told).toContain('runs already: restart or stop it instead.');
    // The restored database lacked the order that was placed after the backup.
    expect(told).toMatch(/1 repaired/);
    expect(told).toMatch(/after the restore: \{"number":2,"status":"waiting","version":1\}/);
    expect(told).toMatch(
      /npm cannot reach its package registry[\s\S]*after the failed upgrade: the same version, and open/,
    );
    expect(told.match(/after the upgrade: (.*)/)?.[1]).toBe('{"number":1,"status":"delivered","version":4}');
    expect(told.match(/after the way back: (.*)/)?.[1]).toBe('{"number":1,"status":"delivered","version":4}');
    expect(told.match(/answers during the upgrade and the way back: (.*)/)?.[1]).toBe('200');
    expect(told.match(/files that others may read: (.*)/)?.[1]).toBe('');
    expectNoSecrets(folder, postgres.url);
    // One for the new order and one for each of three moves.
    const aboutOrders = smtp.arrivals.filter(({ mail }) => mail.headers.has('x-crema-event-id'));
    expect(aboutOrders.filter(({ to }) => to.includes(values.CUSTOMER_EMAIL)).length).toBeGreaterThanOrEqual(4);
  } finally {
    shell?.close();
    await postgres.stop();
    await smtp.close();
  }
}

/** Expects that no program received a secret as an argument, which all users of the machine could read. */
function expectNoSecrets(folder: string, databaseUrl: string) {
  const args = readFileSync(join(folder, 'arguments.txt'), 'utf8');
  for (const program of PROGRAMS) expect(args).toContain(`${program}\n`);
  const secret = /^client_secret *(\S+)/m.exec(readFileSync(join(folder, 'srv/kitchen.txt'), 'utf8'))?.[1];
  const passwords = Object.values(PASSWORDS);
  const secrets = [
    secret ?? 'no secret',
    ...passwords,
    ...passwords.map(encodeURIComponent),
    `:${new URL(databaseUrl).password}@`,
  ];
  expect(secrets.filter((value) => args.includes(value))).toEqual([]);
  expect(args).not.toMatch(TOKEN);
}

type Values = Awaited<ReturnType<typeof valuesOf>>;

/** Returns the values that replace those of the page. */
async function valuesOf({ folder, postgres, smtp }: { folder: string; postgres: Service; smtp: string }) {
  const [api, otherApi, worker, http, https] = await leasePorts(5);
  const { REDIS_URL = '', TEMPORAL_ADDRESS = '' } = process.env;
  return {
    CODE_URL: makeRepository(folder),
    SHOP_HOST: 'localhost',
    HTTP_PORT: String(http),
    HTTPS_PORT: String(https),
    API_PORTS: `'${api} ${otherApi}'`,
    OWNER_EMAIL: 'owner@shop.example',
    CUSTOMER_EMAIL: 'customer@mail.example',
    PUBLIC_URL: `https://localhost:${https}`,
    WORKER_HEALTH_PORT: String(worker),
    DATABASE_URL: `'${postgres.url}'`,
    REDIS_URL: `'${REDIS_URL}'`,
    TEMPORAL_ADDRESS,
    TEMPORAL_TASK_QUEUE: `production-${randomUUID()}`,
    SMTP_URL: `'${smtp}'`,
  };
}

/** Creates a repository of the current files, committed or not. */
function makeRepository(folder: string): string {
  const repository = join(folder, 'crema.git');
  const git = (...args: string[]) =>
    execFileSync('git', args, {
      cwd: root,
      encoding: 'utf8',
      env: {
        ...process.env,
        GIT_DIR: repository,
        GIT_WORK_TREE: root,
        GIT_AUTHOR_NAME: 'Crema',
        GIT_AUTHOR_EMAIL: 'crema@crema.example',
        GIT_COMMITTER_NAME: 'Crema',
        GIT_COMMITTER_EMAIL: 'crema@crema.example',
      },
    }).trim();
  execFileSync('git', ['init', '--quiet', '--bare', '--initial-branch=main', repository]);
  git('add', '--all');
  git('update-ref', 'refs/heads/main', git('commit-tree', git('write-tree'), '-m', 'Crema'));
  return repository;
}

/** The nginx configuration around the page's site. Debian's is in /etc/nginx. */
const NGINX = `
worker_processes 1;
pid nginx.pid;
error_log error.log;
events { worker_connections 256; }
http {
  client_body_temp_path temp;
  proxy_temp_path temp;
  fastcgi_temp_path temp;
  uwsgi_temp_path temp;
  scgi_temp_path temp;
  include ../site.conf;
}
`;

/** Returns the page as a script, with the test's values, and with checks of the test in between. */
function scriptOf(values: Values): string {
  const unused = new Set(Object.keys(values));
  const withValues = (code: string) =>
    code.replace(/^([A-Z_]+)=.*$/gm, (line, name: string) => {
      if (!(name in values)) return line;
      unused.delete(name);
      return `${name}=${values[name as keyof Values]}`;
    });
  const codeOf = (block: (typeof blocks)[0]) => {
    if (isLeftOut(block)) return '';
    return isYours(block) ? withValues(block.code) : block.code;
  };
  const show = (title: string, order: string) =>
    `printf '${title}: '; api GET "/v1/orders/${order}" "$kitchen" | jq -c '{number, status, version}'`;
  const placeAnother = `another=$(api POST /v1/orders "$customer" <<< '{"lines": [{"productId": "'"$latte"'", "quantity": 2}]}' | jq -r .id); ${show('placed', '$another')}`;
  const upgrade = blocks.find(({ code }) => code.includes('previous &&'))?.code;
  const failedUpgrade = `
before=$(readlink app)
if (export npm_config_registry=http://127.0.0.1:9 npm_config_cache=$PWD/no-cache; ${upgrade}); then exit 1; fi
[ "$(readlink app)" = "$before" ] && curl -sS --fail "$PUBLIC_URL/health/ready" && echo 'after the failed upgrade: the same version, and open'
while sleep 0.1; do curl -s -o /dev/null -w '%{http_code}\\n' "$PUBLIC_URL/health/live" >> answers.txt; done &
watcher=$!`;
  const stopWatching = `
kill $watcher
echo "answers during the upgrade and the way back: $(sort -u answers.txt | xargs)"
echo "files that others may read: $(find . -maxdepth 1 -type f -perm /077)"`;
  const before: [RegExp, string][] = [[/previous &&/, failedUpgrade]];
  const after: [RegExp, string][] = [
    [/^start\n$/, 'if start; then exit 1; fi'],
    [/> site\.conf/, `mkdir -p proxy && echo '${NGINX}' > proxy/nginx.conf && nginx -p "$PWD/proxy" -c nginx.conf`],
    [/pg_dump/, placeAnother],
    [/pg_restore/, show('after the restore', '$another')],
    [/previous &&/, show('after the upgrade', '$order')],
    [/readlink previous/, show('after the way back', '$order') + stopWatching],
  ];
  const extra = (extras: [RegExp, string][], code: string) => extras.find(([pattern]) => pattern.test(code))?.[1] ?? '';
  const lines = blocks.flatMap((block) => [
    `echo '### ${block.title}'`,
    extra(before, block.code),
    codeOf(block),
    // `set -e` ignores a failure in a list of commands before the last command.
    '(exit $?)',
    extra(after, block.code),
  ]);
  const script = ['set -euo pipefail', ...lines, "echo '### The end'", ''].join('\n');
  if (unused.size > 0) throw new Error(`The page does not name ${[...unused].join(', ')}.`);
  return script;
}

/** Creates programs that record their arguments and then run the real ones. Returns their folder. */
function makeRecorders(folder: string, path: string): string {
  const recorders = join(folder, 'recorders');
  mkdirSync(recorders);
  for (const program of PROGRAMS) {
    const real = path
      .split(delimiter)
      .map((entry) => join(entry, program))
      .find(existsSync);
    const record = `printf '%s\\n' ${program} "$@" >> '${join(folder, 'arguments.txt')}'`;
    writeFileSync(join(recorders, program), `#!/bin/bash\n${record}\nexec '${real}' "$@"\n`, { mode: 0o755 });
  }
  return recorders;
}

type Shell = ReturnType<typeof openShell>;

/** Starts a bash without the environment variables of this project. */
function openShell(folder: string, script: string, bin: string) {
  const place = join(folder, 'srv');
  mkdirSync(place);
  writeFileSync(join(folder, 'page.sh'), script);
  const recorders = makeRecorders(folder, [bin, process.env.PATH].join(delimiter));
  const kept =
    /^(HOME|USER|LANG|TMPDIR|XDG_CACHE_HOME|SSL_CERT_\w+|https?_proxy|no_proxy|npm_config_(registry|cache|userconfig))$/i;
  const path = (process.env.PATH ?? '').split(delimiter).filter((entry) => !entry.startsWith(root));
  const env = {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => kept.test(name))),
    // Without this entry, the page would not find Node if the machine has only the project's.
    PATH: [recorders, bin, ...path, dirname(process.execPath)].join(delimiter),
    npm_config_prefer_offline: 'true',
  };
  const child: ChildProcess = spawn('bash', [join(folder, 'page.sh')], {
    cwd: place,
    env,
    detached: true,
    stdio: 'pipe',
  });
  const output = { text: '' };
  const ended = { now: false };
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output.text += text;
    });
  }
  child.stdin?.on('error', () => {});
  // Output may arrive after the exit, and child processes keep the pipes open.
  child.on('exit', () =>
    setTimeout(() => {
      ended.now = true;
    }, 1_000),
  );
  const signal = (pid: number) => {
    try {
      process.kill(pid, 'SIGTERM');
    } catch {
      // The process has ended.
    }
  };
  return {
    output,
    ended,
    type: (...lines: string[]) => child.stdin?.write(lines.map((line) => `${line}\n`).join('')),
    /** Ends the processes that the page has started. */
    close() {
      const pidFile = join(place, 'proxy/nginx.pid');
      if (existsSync(pidFile)) signal(Number(readFileSync(pidFile, 'utf8')));
      signal(-(child.pid as number));
    },
  };
}
