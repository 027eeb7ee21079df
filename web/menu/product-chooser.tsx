import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import type { MenuItem, MenuOptionGroup, Money } from '../client/index.ts';
import { writeMoney } from '../orders/money.ts';
import { locale } from '../page/language.ts';
import './chooser.css';
import {
  countOf,
  hasOneAnswer,
  hasPlain,
  isComplete,
  type LineDraft,
  lineOf,
  MAX_QUANTITY,
  newDraft,
} from './line-draft.ts';
import { Stepper } from './stepper.tsx';
import { words } from './words.ts';

/** The longest note of a line that the API accepts. */
const MAX_NOTE_LENGTH = 200;

/** Returns the allergens as one text: `Contains eggs, gluten and milk`. It is empty if there are none. */
export function describeAllergens({ allergens }: MenuItem): string {
  if (allergens.length === 0) return '';
  const names = allergens.map(words.value.allergen);
  return words.value.contains(new Intl.ListFormat(locale.value, { type: 'conjunction' }).format(names));
}

interface ChooserProps {
  item: MenuItem;
  /** The draft to begin with. Default: a new one. */
  draft?: LineDraft | undefined;
  /** The text of the button, before the price. */
  label: string;
  onChoose(draft: LineDraft): void;
}

/** The form for one product: its variation, options, note and quantity. The button shows the price. */
export function ProductChooser({ item, draft: initial, label, onChoose }: ChooserProps) {
  const draft = useSignal(initial ?? newDraft(item));
  const change = (changes: Partial<LineDraft>) => {
    draft.value = { ...draft.value, ...changes };
  };
  return (
    <form
      class="chooser"
      onSubmit={(event) => {
        event.preventDefault();
        if (isComplete(item, draft.value)) onChoose(draft.value);
      }}
    >
      {item.variations.length > 0 && (
        <Variations item={item} chosen={draft.value.variationId} onChoose={(variationId) => change({ variationId })} />
      )}
      {item.optionGroups.map((group) => (
        <Options key={group.id} group={group} draft={draft.value} onChange={(options) => change({ options })} />
      ))}
      <label>
        {words.value.note}
        <input
          type="text"
          dir="auto"
          maxLength={MAX_NOTE_LENGTH}
          value={draft.value.note}
          onInput={({ currentTarget }) => change({ note: currentTarget.value })}
        />
      </label>
      <div class="chooser-end">
        <Stepper
          name={words.value.quantity}
          value={draft.value.quantity}
          min={1}
          max={MAX_QUANTITY}
          onChange={(quantity) => change({ quantity })}
        />
        <button type="submit" disabled={!isComplete(item, draft.value)}>
          {item.available ? `${label} · ${writeMoney(lineOf(item, draft.value).total)}` : words.value.soldOut}
        </button>
      </div>
    </form>
  );
}

interface VariationsProps {
  item: MenuItem;
  chosen: string | null;
  onChoose(variationId: string | null): void;
}

const Variations = ({ item, chosen, onChoose }: VariationsProps) => {
  const plain = { id: null, name: words.value.plain, price: item.price, available: true };
  return (
    <fieldset>
      <legend>{words.value.variation}</legend>
      {[...(hasPlain(item) ? [plain] : []), ...item.variations].map(({ id, name, price, available }) => (
        <Choice key={id} name={name} price={writeMoney(price)} isAvailable={available}>
          <input
            type="radio"
            name={`variation-of-${item.id}`}
            checked={chosen === id}
            disabled={!available}
            onChange={() => onChoose(id)}
          />
        </Choice>
      ))}
    </fieldset>
  );
};

interface OptionsProps {
  group: MenuOptionGroup;
  draft: LineDraft;
  onChange(options: LineDraft['options']): void;
}

const writeDelta = (delta: Money): string => (delta.amount === 0 ? '' : words.value.plus(writeMoney(delta)));

/** The options of a group: radio buttons or checkboxes if there can be only one, otherwise the number of each. */
function Options({ group, draft, onChange }: OptionsProps) {
  const count = countOf(group, draft);
  const isSingle = group.max === 1;
  const set = (id: string, quantity: number) => {
    const others = isSingle ? group.options.map((option) => [option.id, 0] as const) : [];
    onChange({ ...draft.options, ...Object.fromEntries(others), [id]: quantity });
  };
  return (
    <fieldset>
      <legend>
        <bdi>{group.name}</bdi> <small>{words.value.limits(group.min, group.max)}</small>
      </legend>
      {group.options.map(({ id, name, priceDelta, available }) => {
        const quantity = draft.options[id] ?? 0;
        return (
          <Choice
            key={id}
            name={name}
            price={writeDelta(priceDelta)}
            isAvailable={available}
            tag={isSingle ? 'label' : 'div'}
          >
            {isSingle ? (
              <input
                type={hasOneAnswer(group) ? 'radio' : 'checkbox'}
                name={`options-of-${group.id}`}
                checked={quantity > 0}
                disabled={!available && quantity === 0}
                onChange={({ currentTarget }) => set(id, currentTarget.checked ? 1 : 0)}
              />
            ) : (
              <Stepper
                name={name}
                value={quantity}
                min={0}
                max={available ? quantity + group.max - count : quantity}
                onChange={(value) => set(id, value)}
              />
            )}
          </Choice>
        );
      })}
    </fieldset>
  );
}

interface ChoiceProps {
  name: string;
  price: string;
  isAvailable: boolean;
  /** Default: a label. Not for a child with buttons, which must not be part of a label. */
  tag?: 'label' | 'div';
  children: ComponentChildren;
}

const Choice = ({ name, price, isAvailable, tag: Tag = 'label', children }: ChoiceProps) => (
  <Tag class={isAvailable ? 'choice' : 'choice sold-out'}>
    {children}
    <bdi class="name">{name}</bdi>
    <span class="price">{isAvailable ? price : words.value.soldOut}</span>
  </Tag>
);
