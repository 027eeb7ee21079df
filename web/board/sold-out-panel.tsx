import { computed, useSignal } from '@preact/signals';
import type { MenuItem } from '../client/index.ts';
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

/** The options of all products. Products share groups. */
const optionGroups = computed(() => [
  ...new Map(menu.value?.flatMap((item) => item.optionGroups).map((group) => [group.id, group])).values(),
]);

/** The whole menu, with a switch for each product, variation and option. */
export function SoldOutPanel() {
  const search = useSignal('');
  const isFound = (...names: string[]) =>
    names.some((name) => name.toLowerCase().includes(search.value.trim().toLowerCase()));
  const found = categories.value
    .map(({ name, items }) => ({
      name,
      items: items.filter((item) => isFound(item.name, ...item.variations.map((each) => each.name))),
    }))
    .filter(({ items }) => items.length > 0);
  const groups = optionGroups.value
    .map((group) => ({ ...group, options: group.options.filter(({ name }) => isFound(name, group.name)) }))
    .filter(({ options }) => options.length > 0);
  return (
    <Dialog title={words.value.soldOut}>
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
      {menu.value && found.length + groups.length === 0 && <p class="faint">{words.value.nothingFound}</p>}
      {found.map(({ name, items }) => (
        <section key={name}>
          {name && <h3>{name}</h3>}
          <ul>
            {items.map((item) => (
              <Product key={item.id} item={item} />
            ))}
          </ul>
        </section>
      ))}
      {groups.map(({ id, name, options }) => (
        <section key={id}>
          <h3>{name}</h3>
          <ul>
            {options.map((option) => (
              <li key={option.id}>
                <Switch item={{ kind: 'option', parentId: id, ...option }} isAvailable={option.available} />
              </li>
            ))}
          </ul>
        </section>
      ))}
    </Dialog>
  );
}

/** A product with its variations, which are sold out with it. */
function Product({ item: { id, name, available, variations } }: { item: MenuItem }) {
  return (
    <li>
      <Switch item={{ kind: 'product', id, name }} isAvailable={available} />
      {(queuedAvailability.value.get(id) ?? available) && (
        <ul class="variations">
          {variations.map((variation) => (
            <li key={variation.id}>
              <Switch item={{ kind: 'variation', parentId: id, ...variation }} isAvailable={variation.available} />
            </li>
          ))}
        </ul>
      )}
    </li>
  );
}

/** @param isAvailable as the menu says */
function Switch({ item, isAvailable }: { item: Item; isAvailable: boolean }) {
  const available = queuedAvailability.value.get(item.id) ?? isAvailable;
  return (
    <label class={available ? 'switch' : 'switch sold-out'}>
      <bdi class="name">{item.name}</bdi>{' '}
      <span class="faint">{words.value.availability[available ? 'available' : 'soldOut']}</span>
      <input
        type="checkbox"
        checked={available}
        onChange={({ currentTarget }) => {
          queue({ kind: 'availability', item, available: currentTarget.checked });
        }}
      />
    </label>
  );
}
