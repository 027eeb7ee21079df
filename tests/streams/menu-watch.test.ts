import { createMenuWatch } from '../../api/streams/menu-watch.ts';

/** Returns a watch of a menu with these entity tags, one for each read. */
function watchOf(...tags: string[]) {
  const seen = { reads: 0, changes: 0 };
  const read = async () => ({ etag: tags[seen.reads++] }) as never;
  const watch = createMenuWatch({ read }, () => {
    seen.changes += 1;
  });
  return { watch, seen };
}

test('the first menu is not a change, and each difference is one', async () => {
  const { watch, seen } = watchOf('a', 'a', 'b', 'a', 'a');
  const changes: number[] = [];
  for (let check = 0; check < 5; check += 1) {
    await watch.check();
    changes.push(seen.changes);
  }
  expect(changes).toEqual([0, 0, 1, 2, 2]);
});

test('concurrent checks share one read', async () => {
  const { watch, seen } = watchOf('a', 'b');
  await Promise.all([watch.check(), watch.check()]);
  await Promise.all([watch.check(), watch.check(), watch.check()]);
  expect(seen).toEqual({ reads: 2, changes: 1 });
});

test('a failed check is repeated by the next one', async () => {
  let fails = true;
  let changes = 0;
  const tags = ['a', 'b'];
  const read = async () => {
    if (fails) throw new Error('Postgres is unavailable');
    return { etag: tags.shift() } as never;
  };
  const watch = createMenuWatch({ read }, () => {
    changes += 1;
  });
  await expect(watch.check()).rejects.toThrow('unavailable');
  fails = false;
  await watch.check();
  fails = true;
  await expect(watch.check()).rejects.toThrow('unavailable');
  fails = false;
  await watch.check();
  expect(changes).toBe(1);
});
