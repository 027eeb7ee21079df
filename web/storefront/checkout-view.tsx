import { useEffect } from 'preact/hooks';
import { Changes } from '../basket/basket-form.tsx';
import { writeMoney } from '../orders/money.ts';
import { Receipt } from '../orders/order-progress.tsx';
import { words as orderWords } from '../orders/words.ts';
import { Heading } from '../page/heading.tsx';
import { checkout, isUnanswered, place, placing, prepare } from './checkout.ts';
import { session } from './session.ts';
import { words } from './words.ts';

const ForStaff = () => (
  <>
    <Heading>{words.value.basket}</Heading>
    <p>{words.value.staff}</p>
    <a class="button" href="/board">
      {words.value.board}
    </a>
  </>
);

const Placing = () => (
  <>
    <Heading>{words.value.placing}</Heading>
    <p role="status">{isUnanswered.value ? words.value.unanswered : words.value.placingAbout}</p>
  </>
);

function Confirm() {
  const { value } = checkout;
  if (value.step === 'busy') return <Heading>{words.value.loading}</Heading>;
  if (value.step === 'failed') {
    return (
      <>
        <Heading key={value.step}>{words.value.notPlaced}</Heading>
        <p role="alert">{value.why}</p>
        <Changes changes={value.changes} />
        {value.why !== words.value.nothingLeft && (
          <button type="button" onClick={() => prepare()}>
            {words.value.tryAgain}
          </button>
        )}
      </>
    );
  }
  const { lines, total, body, changes } = value;
  const isChanged = changes.length > 0;
  return (
    <>
      <Heading key={value.step}>{isChanged ? words.value.changed : words.value.confirm}</Heading>
      <Changes changes={changes} />
      <Receipt lines={lines} total={total} />
      <p>{orderWords.value.location[body.location ?? 'take_away']}</p>
      {body.note && <q dir="auto">{body.note}</q>}
      <button type="button" onClick={place}>
        {(isChanged ? words.value.accept : words.value.place)(writeMoney(total))}
      </button>
    </>
  );
}

/** The order before it is placed. */
export function CheckoutView() {
  const { role = 'customer' } = session.account.value ?? {};
  useEffect(() => {
    if (!placing.value) void prepare();
  }, []);
  if (role !== 'customer') return <ForStaff />;
  if (placing.value) return <Placing />;
  return (
    <>
      <Confirm />
      <a href="#basket">{words.value.editBasket}</a>
    </>
  );
}
