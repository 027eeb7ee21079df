import { useSignal } from '@preact/signals';
import type { MenuItem, OrderLine } from '../client/index.ts';
import { draftOf, lineOf, totalOf } from '../menu/line-draft.ts';
import { categories, menu } from '../menu/menu.ts';
import { ProductChooser } from '../menu/product-chooser.tsx';
import { Lines } from '../orders/lines.tsx';
import { writeMoney } from '../orders/money.ts';
import { Dialog } from './dialog.tsx';
import { changeDraft, draft, draftLines, emptyDraft, putLine, removeLine } from './draft.ts';
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
          onChange={(line) => {
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
  <div>
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
        putLine(lineOf(item, chosen, line?.id));
        onEnd();
      }}
    />
  </div>
);

const focus = (element: HTMLElement | null) => element?.focus();

function Chosen({ onChange }: { onChange: (line: OrderLine) => void }) {
  const lines = draftLines.value.map(({ line }) => line);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        queue({ kind: 'place', draft: { ...draft.value, lines } });
        draft.value = emptyDraft;
        closePanel();
      }}
    >
      {lines.length === 0 && <p class="faint">{words.value.noLines}</p>}
      {draftLines.value.map(({ line, isAvailable }) => (
        <div key={line.id} class="line">
          <Lines lines={[line]} withPrices />
          {!isAvailable && <p class="fault">{words.value.lineSoldOut}</p>}
          <button type="button" class="quiet" onClick={() => onChange(line)}>
            {words.value.change}
          </button>
          <button type="button" class="quiet" onClick={() => removeLine(line.id)}>
            {words.value.remove}
          </button>
        </div>
      ))}
      <label>
        {words.value.customerName}
        <input
          maxLength={60}
          dir="auto"
          autocomplete="off"
          value={draft.value.customerName}
          onInput={({ currentTarget }) => changeDraft({ customerName: currentTarget.value })}
        />
      </label>
      <fieldset class="location">
        <legend>{words.value.location}</legend>
        {(['take_away', 'in_house'] as const).map((location) => (
          <label key={location}>
            <input
              type="radio"
              name="location"
              checked={draft.value.location === location}
              onChange={() => changeDraft({ location })}
            />
            {words.value.locations[location]}
          </label>
        ))}
      </fieldset>
      <label>
        {words.value.note}
        <input
          maxLength={500}
          dir="auto"
          autocomplete="off"
          value={draft.value.note}
          onInput={({ currentTarget }) => changeDraft({ note: currentTarget.value })}
        />
      </label>
      <button type="submit" disabled={lines.length === 0 || draftLines.value.some(({ isAvailable }) => !isAvailable)}>
        {words.value.place}
        {lines.length > 0 && ` · ${writeMoney(totalOf(lines))}`}
      </button>
    </form>
  );
}
