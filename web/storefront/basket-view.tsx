import { BasketFields, BasketLines } from '../basket/basket-form.tsx';
import { writeMoney } from '../orders/money.ts';
import { Heading } from '../page/heading.tsx';
import { basket } from './basket.ts';
import { words } from './words.ts';

export const BasketView = () => (
  <>
    <Heading>{words.value.basket}</Heading>
    {basket.value.lines.length === 0 && <p>{words.value.empty}</p>}
    <BasketLines
      basket={basket}
      onChoose={({ id, productId }) => {
        location.hash = `#product/${productId}/${id}`;
      }}
    />
    {basket.orderable.value.length > 0 && (
      <>
        <BasketFields basket={basket} note={words.value.note} />
        <a class="button" href="#checkout">
          {words.value.review(writeMoney(basket.total.value))}
        </a>
      </>
    )}
  </>
);
