import { useSignal } from '@preact/signals';
import { BasketFields, BasketLines } from '../basket/basket-form.tsx';
import type { MenuItem, OrderLine } from '../client/index.ts';
import { draftOf, lineOf } from '../menu/line-draft.ts';
import { categories, menu } from '../menu/menu.ts';
import { ProductChooser } from '../menu/product-chooser.tsx';
import { writeMoney } from '../orders/money.ts';
import { Dialog } from './dialog.tsx';
import { draft, emptyDraft } from './draft.ts';
import { queue } from './outbox.ts';
import { closePanel } from './panel.ts';
import { words } from './words.ts';

/** A product that the barista chooses, and the line that the choice replaces. */
interface Choice {
  item: MenuItem;
  line?: OrderLine;
}

/** A counter order: the menu, and beside it what is chosen. */
export function NewOrderPanel() {
  const choice = useSignal<Choice | undefined>(undefined);
  const choose = (next?: Choice) => {
    choice.value = next;
  };
  return (
    <Dialog title={words.value.newOrder}>
      {draft.value.refusal && (
        <p class="fault" role="alert">
          {draft.value.refusal}
        </p>
      )}
      <div class="new-order">
        {choice.value ? <Chooser {...choice.value} onEnd={choose} /> : <Menu onChoose={(item) => choose({ item })} />}
        <Chosen
          onChoose={(line) => {
            const item = menu.value?.find(({ id }) => id === line.productId);
            if (item) choose({ item, line });
          }}
        />
      </div>
    </Dialog>
  );
}

const Menu = ({ onChoose }: { onChoose: (item: MenuItem) => void }) => (
  <div class="products">
    {categories.value.map(({ name, items }) => (
      <section key={name}>
        {name && <h3>{name}</h3>}
        {items.map((item) => (
          <button type="button" key={item.id} class="quiet" disabled={!item.available} onClick={() => onChoose(item)}>
            <bdi>{item.name}</bdi>
            {!item.available && <small>{words.value.soldOut}</small>}
          </button>
        ))}
      </section>
    ))}
  </div>
);

const Chooser = ({ item, line, onEnd }: Choice & { onEnd: () => void }) => (
  <section>
    <button type="button" class="quiet" onClick={onEnd}>
      ← {words.value.backToMenu}
    </button>
    <h3 ref={focus} tabIndex={-1}>
      <bdi>{item.name}</bdi>
    </h3>
    <ProductChooser
      key={line?.id ?? item.id}
      item={item}
      draft={line && draftOf(line)}
      label={line ? words.value.changeLine : words.value.addLine}
      onChoose={(chosen) => {
        draft.put(lineOf(item, chosen, line?.id));
        onEnd();
      }}
    />
  </section>
);

const focus = (element: HTMLElement | null) => element?.focus();

/** Empties the draft, and closes the panel. */
function endDraft(): void {
  draft.value = emptyDraft;
  closePanel();
}

function Chosen({ onChoose }: { onChoose: (line: OrderLine) => void }) {
  const lines = draft.orderable.value;
  const isEmpty = draft.value.lines.length === 0 && !draft.value.customerName && !draft.value.note;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        queue({ kind: 'place', draft: { ...draft.value, lines } });
        endDraft();
      }}
    >
      {draft.value.lines.length === 0 && <p class="faint">{words.value.noLines}</p>}
      <BasketLines basket={draft} onChoose={onChoose} />
      <label>
        {words.value.customerName}
        <input
          maxLength={60}
          dir="auto"
          autocomplete="off"
          value={draft.value.customerName}
          onInput={({ currentTarget }) => draft.change({ customerName: currentTarget.value })}
        />
      </label>
      <BasketFields basket={draft} note={words.value.note} />
      <button type="submit" disabled={lines.length === 0 || lines.length < draft.value.lines.length}>
        {words.value.place}
        {lines.length > 0 && ` · ${writeMoney(draft.total.value)}`}
      </button>
      {!isEmpty && (
        <button type="button" class="quiet" onClick={endDraft}>
          {words.value.discard}
        </button>
      )}
    </form>
  );
}
