import type { Location, OrderLine } from '../client/index.ts';
import { draftOf, lineOf } from '../menu/line-draft.ts';
import { menu } from '../menu/menu.ts';
import { MAX_QUANTITY, ProductChooser } from '../menu/product-chooser.tsx';
import { Stepper } from '../menu/stepper.tsx';
import { describeOptions } from '../orders/lines.tsx';
import { writeMoney } from '../orders/money.ts';
import { words as orderWords } from '../orders/words.ts';
import { Heading } from '../page/heading.tsx';
import { Modal } from '../page/modal.tsx';
import { basket, changeBasket, removeLine, replaceLine, reviewed, setQuantity, summary } from './basket.ts';
import { leaveDialog } from './route.ts';
import { words } from './words.ts';

/** The longest note of an order that the API accepts. */
const MAX_NOTE_LENGTH = 500;

const locations: Location[] = ['take_away', 'in_house'];

function Line({ line, today, changes }: (typeof reviewed.value)[number]) {
  const { product, variation, note, quantity } = line;
  return (
    <li class={today ? '' : 'sold-out'}>
      <p class="row apart">
        <strong>
          <bdi class="name">{product}</bdi> <bdi>{variation}</bdi>
        </strong>
        <span class="price">{today && writeMoney(today.total)}</span>
      </p>
      {line.options.length > 0 && <p class="faint">{describeOptions(line)}</p>}
      {note && (
        <p class="note" dir="auto">
          “{note}”
        </p>
      )}
      {changes.map((change) => (
        <p key={change} class="fault" dir="auto">
          {change}
        </p>
      ))}
      <div class="row">
        <Stepper
          name={product}
          value={quantity}
          min={1}
          max={MAX_QUANTITY}
          onChange={(value) => setQuantity(line, value)}
        />
        <a class="button quiet" href={`#line/${line.id}`} aria-label={`${words.value.change}: ${product}`}>
          {words.value.change}
        </a>
        <button
          type="button"
          class="quiet"
          aria-label={`${words.value.remove}: ${product}`}
          onClick={() => removeLine(line)}
        >
          {words.value.remove}
        </button>
      </div>
    </li>
  );
}

function LineDialog({ line }: { line: OrderLine }) {
  const item = menu.value?.find(({ id }) => id === line.productId);
  if (!item) return null;
  return (
    <Modal label={item.name} close={words.value.close} onClose={() => leaveDialog('basket')}>
      <h2 dir="auto">{item.name}</h2>
      <ProductChooser
        item={item}
        draft={draftOf(line)}
        label={words.value.save}
        onChoose={(draft) => {
          replaceLine(lineOf(item, draft, line.id));
          leaveDialog('basket');
        }}
      />
    </Modal>
  );
}

const Options = () => (
  <>
    <fieldset class="locations">
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
        rows={2}
        maxLength={MAX_NOTE_LENGTH}
        value={basket.value.note}
        onInput={({ currentTarget }) => changeBasket({ note: currentTarget.value })}
      />
    </label>
  </>
);

export function BasketView({ lineId }: { lineId: string }) {
  const { count, total } = summary.value;
  const shown = basket.value.lines.find(({ id }) => id === lineId);
  return (
    <>
      <Heading>{words.value.basket}</Heading>
      {basket.value.lines.length === 0 && <p class="faint">{words.value.empty}</p>}
      <ul class="basket">
        {reviewed.value.map((each) => (
          <Line key={each.line.id} {...each} />
        ))}
      </ul>
      {count > 0 && (
        <>
          <Options />
          <p class="row apart total">
            {words.value.total} <span>{writeMoney(total)}</span>
          </p>
          <a class="button" href="#checkout">
            {words.value.review}
          </a>
        </>
      )}
      {shown && <LineDialog key={shown.id} line={shown} />}
    </>
  );
}
