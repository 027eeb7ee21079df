import { computed, useSignal } from '@preact/signals';
import { categories, menu } from '../menu/menu.ts';
import { Dialog } from './dialog.tsx';
import { entries, type Item, queue } from './outbox.ts';
import { words } from './words.ts';

/** The availability that queued changes lead to, by the ids of the items. */
const queuedAvailability = computed(
  () =>
    new Map(
      entries.value.flatMap(({ change }) =>
        change.kind === 'availability' ? [[change.item.id, change.available] as const] : [],
      ),
    ),
);

/** An item with its switch. Variations are sold out with their product. */
interface Row {
  item: Item;
  isAvailable: boolean;
  variations?: Row[];
}

/** The menu under its headings: the categories, and the groups of options that products share. */
const sections = computed(() => {
  const groups = new Map(menu.value?.flatMap((item) => item.optionGroups).map((group) => [group.id, group]));
  const row = (item: Item, available: boolean): Row => ({
    item,
    isAvailable: queuedAvailability.value.get(item.id) ?? available,
  });
  return [
    ...categories.value.map(({ name, items }) => ({
      name,
      rows: items.map(({ id, name, available, variations }) => ({
        ...row({ kind: 'product', id, name }, available),
        variations: variations.map((each) =>
          row({ kind: 'variation', parentId: id, id: each.id, name: each.name }, each.available),
        ),
      })),
    })),
    ...[...groups.values()].map(({ id: parentId, name, options }) => ({
      name,
      rows: options.map(({ id, name, available }): Row => row({ kind: 'option', parentId, id, name }, available)),
    })),
  ];
});

/** The whole menu, with a switch for each product, variation and option. */
export function SoldOutPanel() {
  const search = useSignal('');
  const isFound = ({ item, variations = [] }: Row): boolean =>
    item.name.toLowerCase().includes(search.value.trim().toLowerCase()) || variations.some(isFound);
  const found = sections.value
    .map(({ name, rows }) => ({ name, rows: rows.filter(isFound) }))
    .filter(({ rows }) => rows.length > 0);
  return (
    <Dialog title={words.value.soldOutTitle}>
      <label>
        {words.value.search}
        <input
          type="search"
          value={search.value}
          onInput={({ currentTarget }) => {
            search.value = currentTarget.value;
          }}
        />
      </label>
      {menu.value && found.length === 0 && <p class="faint">{words.value.nothingFound}</p>}
      {found.map(({ name, rows }) => (
        <section key={name}>
          {name && <h3>{name}</h3>}
          <Rows rows={rows} />
        </section>
      ))}
    </Dialog>
  );
}

const Rows = ({ rows }: { rows: Row[] }) => (
  <ul>
    {rows.map(({ item, isAvailable, variations }) => (
      <li key={item.id}>
        <label class={isAvailable ? 'switch' : 'switch sold-out'}>
          <bdi class="name">{item.name}</bdi>{' '}
          <span class="faint">{words.value.availability[isAvailable ? 'available' : 'soldOut']}</span>
          <input
            type="checkbox"
            checked={isAvailable}
            onChange={({ currentTarget }) => queue({ kind: 'availability', item, available: currentTarget.checked })}
          />
        </label>
        {isAvailable && variations && <Rows rows={variations} />}
      </li>
    ))}
  </ul>
);
