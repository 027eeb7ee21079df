import { waitFor } from '../../stack/wait.ts';
import { signIn } from '../sign-in.ts';
import type { ChaosShop } from './chaos-shop.ts';
import type { Fault } from './fault.ts';

/** Freezes the worker that dispatches webhooks for longer than its lease. The other worker must take over. */
export const freezeDispatcher = ({ workers, database }: ChaosShop): Fault => ({
  kind: 'frozen dispatcher',
  target: 'the worker that dispatches',
  parts: ['worker'],
  lasts: [22_000, 26_000],
  async begin() {
    const holder = async (): Promise<string> => (await database('webhook_cursor').first('leased_to')).leased_to ?? '';
    const frozen = await holder();
    const instances = await Promise.all(workers.map(({ url }) => instanceOf(url)));
    const worker = workers[instances.findIndex((instance) => instance && frozen.startsWith(`${instance} `))];
    if (!worker) return async () => {};
    await worker.kill('SIGSTOP');
    return async () => {
      const now = await holder();
      await worker.kill('SIGCONT');
      if (now === frozen) throw new Error('No other worker took over from a frozen one that dispatches webhooks.');
    };
  },
});

async function instanceOf(url: string): Promise<string | undefined> {
  const answer = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(5_000) }).catch(() => undefined);
  return answer && ((await answer.json()) as { instance: string }).instance;
}

/** The timeout of a catalog change in the other API, in ms. Postgres ends the frozen transaction after 3 s. */
const CHANGE_TIMEOUT_MS = 10_000;

/**
 * Freezes an API during a change of the catalog, while it holds the lock of a product. A slow connection to Postgres makes this
 * moment long enough. The other API must still be able to change the product.
 */
export function freezeWriter({ apis, links, database, createAccount }: ChaosShop): Fault[] {
  const [writer, other] = apis;
  const link = links.find(({ name }) => name === 'api-to-postgres');
  if (!writer || !other || !link) return [];
  const fault: Fault = {
    kind: 'frozen writer',
    target: 'api-1, in a change of the catalog',
    parts: ['api', 'postgres'],
    lasts: [0, 0],
    async begin() {
      const { email, password } = await createAccount('manager');
      const token = await signIn(writer.url, email, password);
      const product = await database('products').whereNull('deleted_at').first('id');
      const change = (url: string, ms: number) =>
        fetch(`${url}/v1/products/${product.id}`, {
          method: 'PATCH',
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
          body: JSON.stringify({ position: 1 + Math.floor(Date.now() % 50) }),
          signal: AbortSignal.timeout(ms),
        });
      const undo = await link.disturb('latency', 'downstream', 1_500);
      const unanswered = change(writer.url, 60_000).catch(() => undefined);
      const locking = database('pg_stat_activity')
        .where({ application_name: 'crema-api', state: 'idle in transaction' })
        .whereLike('query', '%"products"%for update%');
      try {
        await waitFor('The change', async () => (await locking.clone()).length > 0, { deadline: 20_000, every: 20 });
        await writer.kill('SIGSTOP');
      } finally {
        await undo();
      }
      const { status } = await change(other.url, CHANGE_TIMEOUT_MS);
      return async () => {
        await writer.kill('SIGCONT');
        await unanswered;
        if (status !== 200) throw new Error(`While a writer was frozen, another change was answered ${status}.`);
      };
    },
  };
  return [fault];
}
