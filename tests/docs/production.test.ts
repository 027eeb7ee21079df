import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { leasePorts } from '../../stack/ports.ts';
import type { Service } from '../../stack/service.ts';
import { waitFor } from '../../stack/wait.ts';
import { startSmtp } from '../email/mail-servers.ts';
import { makeDataFolder } from '../evidence/evidence.ts';
import { missingPrograms, startSystemPostgres, systemPostgres } from './system-programs.ts';

// Follows docs/production.md to the letter: its commands, in their order, in one bash, with other values.

const root = resolve(import.meta.dirname, '../..');
const PAGE = join(root, 'docs/production.md');
const DEADLINE_MS = 240_000;

/** The commands of the page, each block with the title that it stands under. */
const blocks = readFileSync(PAGE, 'utf8')
  .split(/^## /m)
  .flatMap((section) =>
    [...section.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, code = '']) => ({
      title: section.split('\n')[0] ?? '',
      code,
    })),
  );

/** The blocks whose values a reader changes. */
const isYours = ({ title }: { title: string }) => title.includes('Your values');

/** What the test types where the page asks for a password. */
const PASSWORDS = { manager: 'seven violins in the rain', customer: 'a lamp under the green ladder' };

const missing = missingPrograms(['bash', 'git', 'curl', 'jq', 'openssl', 'nginx', 'postgres']);
const postgresBin = systemPostgres();

if (missing.length > 0 || !postgresBin) {
  test.skip(`docs/production.md was not followed: this machine lacks ${missing.join(', ')}`, () => undefined);
} else {
  test(
    'When docs/production.md is followed, then a latte is sold, and a restore loses no order',
    async () => {
      await follow(postgresBin);
    },
    DEADLINE_MS + 60_000,
  );
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
    const reached = (title: string) =>
      waitFor(`"${title}"`, () => ended.now || output.text.includes(`### ${title}`), { deadline: DEADLINE_MS });

    await reached('6. The first manager');
    shell.type(PASSWORDS.manager);
    await reached('8. The first latte');
    const mailed = () => smtp.arrivals.find(({ to }) => to.includes(values.CUSTOMER_EMAIL));
    await waitFor('The mail to the customer', () => ended.now || !!mailed(), { deadline: 60_000 });
    shell.type(/^https:\S+$/m.exec(mailed()?.mail.text ?? '')?.[0] ?? 'no link');
    shell.type(PASSWORDS.customer);
    await reached('The end');

    expect(output.text.slice(-3_000)).toContain('### The end');
    const told = output.text;
    expect(told).toContain(`Postgres at 127.0.0.1:${new URL(postgres.url).port}/crema`);
    expect(told).toMatch(/"name": ?"Latte"[\s\S]*"name": ?"Vanilla"/);
    expect(told).toMatch(/\{"number":1,"status":"delivered","version":4\}\n4\n/);
    // Of the order that was placed after the backup, the restored database knew nothing.
    expect(told).toMatch(/1 repaired/);
    expect(told).toMatch(/after the restore: \{"number":2,"status":"waiting","version":1\}/);
    expect(told.match(/after the upgrade: (.*)/)?.[1]).toBe('{"number":1,"status":"delivered","version":4}');
    // Placed, and moved thrice.
    const aboutOrders = smtp.arrivals.filter(({ mail }) => mail.headers.has('x-crema-event-id'));
    expect(aboutOrders.filter(({ to }) => to.includes(values.CUSTOMER_EMAIL)).length).toBeGreaterThanOrEqual(4);
  } finally {
    shell?.close();
    await postgres.stop();
    await smtp.close();
  }
}

type Values = Awaited<ReturnType<typeof valuesOf>>;

/** What a reader would write in place of the values of the page. */
async function valuesOf({ folder, postgres, smtp }: { folder: string; postgres: Service; smtp: string }) {
  const [api, worker, https] = await leasePorts(3);
  const { REDIS_URL = '', TEMPORAL_ADDRESS = '' } = process.env;
  return {
    CODE_URL: makeRepository(folder),
    SHOP_HOST: 'localhost',
    HTTPS_PORT: String(https),
    CERTIFICATE: join(folder, 'shop.crt'),
    CERTIFICATE_KEY: join(folder, 'shop.key'),
    OWNER_EMAIL: 'owner@shop.example',
    CUSTOMER_EMAIL: 'customer@mail.example',
    PUBLIC_URL: `https://localhost:${https}`,
    PORT: String(api),
    WORKER_HEALTH_PORT: String(worker),
    DATABASE_URL: `'${postgres.url}'`,
    REDIS_URL: `'${REDIS_URL}'`,
    TEMPORAL_ADDRESS,
    TEMPORAL_TASK_QUEUE: `production-${randomUUID()}`,
    SMTP_URL: `'${smtp}'`,
  };
}

/** Makes a repository of the files as they are now, committed or not. */
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

/** The page as a script: the reader's values in place of the page's, and what the test itself wants to know in between. */
function scriptOf(values: Values): string {
  const unused = new Set(Object.keys(values));
  const withValues = (code: string) =>
    code.replace(/^([A-Z_]+)=.*$/gm, (line, name: string) => {
      if (!(name in values)) return line;
      unused.delete(name);
      return `${name}=${values[name as keyof Values]}`;
    });
  const show = (title: string, order: string) =>
    `printf '${title}: '; api "/v1/orders/${order}" -H "Authorization: Bearer $kitchen" | jq -c '{number, status, version}'`;
  const placeAnother = `another=$(api /v1/orders -H "Authorization: Bearer $customer" --json '{"lines": [{"productId": "'"$latte"'", "quantity": 2}]}' | jq -r .id); ${show('placed', '$another')}`;
  const after: Record<string, string> = {
    'pg_dump ': placeAnother,
    'pg_restore ': show('after the restore', '$another'),
    'git pull ': show('after the upgrade', '$order'),
  };
  const lines = blocks.flatMap((block) => {
    const extra = Object.entries(after).find(([command]) => block.code.includes(command))?.[1] ?? '';
    return [`echo '### ${block.title}'`, isYours(block) ? withValues(block.code) : block.code, extra];
  });
  const script = ['set -euo pipefail', ...lines, "echo '### The end'", ''].join('\n');
  if (unused.size > 0) throw new Error(`The page does not name ${[...unused].join(', ')}.`);
  return script;
}

type Shell = ReturnType<typeof openShell>;

/** A bash of a machine with nothing of this project in its environment. */
function openShell(folder: string, script: string, bin: string) {
  const place = join(folder, 'srv');
  mkdirSync(place);
  writeFileSync(join(folder, 'page.sh'), script);
  const kept =
    /^(HOME|USER|LANG|TMPDIR|XDG_CACHE_HOME|SSL_CERT_\w+|https?_proxy|no_proxy|npm_config_(registry|cache|userconfig))$/i;
  const path = (process.env.PATH ?? '').split(delimiter).filter((entry) => !entry.startsWith(root));
  const env = {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => kept.test(name))),
    // Of this machine's Node, should it be the project's, the page would find none.
    PATH: [bin, ...path, dirname(process.execPath)].join(delimiter),
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
  // The last of its output may come after its end, and what it has started keeps the output open.
  child.on('exit', () =>
    setTimeout(() => {
      ended.now = true;
    }, 1_000),
  );
  const signal = (pid: number) => {
    try {
      process.kill(pid, 'SIGTERM');
    } catch {
      // It has ended.
    }
  };
  return {
    output,
    ended,
    type: (line: string) => child.stdin?.write(`${line}\n`),
    /** Ends what the page has started. */
    close() {
      for (const file of ['api.pid', 'worker.pid', 'proxy/nginx.pid']) {
        const pidFile = join(place, 'crema', file);
        if (existsSync(pidFile)) signal(Number(readFileSync(pidFile, 'utf8')));
      }
      signal(-(child.pid as number));
    },
  };
}
