import type { Location, OrderLine } from '../client/index.ts';
import { MAX_QUANTITY } from '../menu/line-draft.ts';
import { Stepper } from '../menu/stepper.tsx';
import { describeOptions } from '../orders/lines.tsx';
import { writeMoney } from '../orders/money.ts';
import { words as orderWords } from '../orders/words.ts';
import type { Basket, Reviewed } from './basket.ts';
import './basket.css';
import { words } from './words.ts';

/** The longest note of an order that the API accepts. */
const MAX_NOTE_LENGTH = 500;

const locations: Location[] = ['take_away', 'in_house'];

interface LinesProps {
  basket: Basket;
  /** Called when the reader wants other options for a line. */
  onChoose(line: OrderLine): void;
}

/** The lines of a basket with what has changed on the menu since, and the controls that change and remove them. */
export const BasketLines = ({ basket, onChoose }: LinesProps) => (
  <ul class="basket">
    {basket.reviewed.value.map((reviewed) => (
      <Line key={reviewed.line.id} basket={basket} onChoose={onChoose} {...reviewed} />
    ))}
  </ul>
);

function Line({ basket, onChoose, line, today, changes }: LinesProps & Reviewed) {
  const { product, variation, note, quantity } = line;
  const { change, remove } = words.value;
  return (
    <li class={today ? '' : 'sold-out'}>
      <p class="row apart">
        <strong class="name" dir="auto">
          {product} {variation}
        </strong>
        {today && writeMoney(today.total)}
      </p>
      <p class="faint">{describeOptions(line)}</p>
      {note && <q dir="auto">{note}</q>}
      <Changes changes={changes} />
      <div class="row">
        <Stepper
          name={product}
          value={quantity}
          min={1}
          max={MAX_QUANTITY}
          onChange={(next) => basket.setQuantity(line, next)}
        />
        <button type="button" class="quiet" aria-label={`${change}: ${product}`} onClick={() => onChoose(line)}>
          {change}
        </button>
        <button type="button" class="quiet" aria-label={`${remove}: ${product}`} onClick={() => basket.remove(line)}>
          {remove}
        </button>
      </div>
    </li>
  );
}

/** Explains what has changed since the person chose. */
export const Changes = ({ changes }: { changes: string[] }) => (
  <div role="alert">
    {[...new Set(changes)].map((change) => (
      <p key={change} class="fault" dir="auto">
        {change}
      </p>
    ))}
  </div>
);

/** The location of the order, and its note. @param note the label of the note */
export const BasketFields = ({ basket, note }: { basket: Basket; note: string }) => (
  <>
    <fieldset class="location">
      <legend>{words.value.location}</legend>
      {locations.map((location) => (
        <label key={location}>
          <input
            type="radio"
            name="location"
            checked={basket.value.location === location}
            onChange={() => basket.change({ location })}
          />
          {orderWords.value.location[location]}
        </label>
      ))}
    </fieldset>
    <label>
      {note}
      <textarea
        dir="auto"
        maxLength={MAX_NOTE_LENGTH}
        value={basket.value.note}
        onInput={({ currentTarget }) => basket.change({ note: currentTarget.value })}
      />
    </label>
  </>
);
