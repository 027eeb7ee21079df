import type { Location } from '../client/index.ts';
import { MAX_QUANTITY } from '../menu/product-chooser.tsx';
import { Stepper } from '../menu/stepper.tsx';
import { describeOptions } from '../orders/lines.tsx';
import { writeMoney } from '../orders/money.ts';
import { words as orderWords } from '../orders/words.ts';
import { Heading } from '../page/heading.tsx';
import { basket, changeBasket, removeLine, reviewed, setQuantity, summary } from './basket.ts';
import { words } from './words.ts';

/** The longest note of an order that the API accepts. */
const MAX_NOTE_LENGTH = 500;

const locations: Location[] = ['take_away', 'in_house'];

/** Explains what has changed since the customer chose. */
export const Changes = ({ changes }: { changes: string[] }) => (
  <div role="alert">
    {changes.map((change) => (
      <p key={change} class="fault" dir="auto">
        {change}
      </p>
    ))}
  </div>
);

function Line({ line, today, changes }: (typeof reviewed.value)[number]) {
  const { id, productId, product, variation, note, quantity } = line;
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
        <Stepper name={product} value={quantity} min={1} max={MAX_QUANTITY} onChange={(to) => setQuantity(line, to)} />
        <a class="button quiet" href={`#product/${productId}/${id}`} aria-label={`${change}: ${product}`}>
          {change}
        </a>
        <button type="button" class="quiet" aria-label={`${remove}: ${product}`} onClick={() => removeLine(line)}>
          {remove}
        </button>
      </div>
    </li>
  );
}

const Wishes = () => (
  <>
    <fieldset>
      <legend>{words.value.location}</legend>
      {locations.map((location) => (
        <label key={location} class="choice">
          <input
            type="radio"
            name="location"
            checked={basket.value.location === location}
            onChange={() => changeBasket({ location })}
          />
          {orderWords.value.location[location]}
        </label>
      ))}
    </fieldset>
    <label>
      {words.value.note}
      <textarea
        dir="auto"
        maxLength={MAX_NOTE_LENGTH}
        value={basket.value.note}
        onInput={({ currentTarget }) => changeBasket({ note: currentTarget.value })}
      />
    </label>
  </>
);

export const BasketView = () => (
  <>
    <Heading>{words.value.basket}</Heading>
    {basket.value.lines.length === 0 && <p>{words.value.empty}</p>}
    <ul class="basket">
      {reviewed.value.map((each) => (
        <Line key={each.line.id} {...each} />
      ))}
    </ul>
    {summary.value.count > 0 && (
      <>
        <Wishes />
        <a class="button" href="#checkout">
          {words.value.review(writeMoney(summary.value.total))}
        </a>
      </>
    )}
  </>
);
