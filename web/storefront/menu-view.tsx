import { signal, useSignal } from '@preact/signals';
import type { MenuItem } from '../client/index.ts';
import { lineOf, lowestPrice } from '../menu/line-draft.ts';
import { categories, menu } from '../menu/menu.ts';
import { describeAllergens, ProductChooser } from '../menu/product-chooser.tsx';
import { words as menuWords } from '../menu/words.ts';
import { writeMoney } from '../orders/money.ts';
import { Heading } from '../page/heading.tsx';
import { Modal } from '../page/modal.tsx';
import { addLines, summary } from './basket.ts';
import latte from './latte.svg';
import { leaveDialog } from './route.ts';
import { words } from './words.ts';

/** The product that was added last, for the announcement. */
const added = signal('');

/** The picture of a product: its own, or a drawing of a cup with its first letter as latte art. */
function Picture({ name, imageUrl }: MenuItem) {
  const isBroken = useSignal(false);
  if (imageUrl && !isBroken.value) {
    return (
      <img
        class="picture"
        src={imageUrl}
        alt=""
        loading="lazy"
        width="96"
        height="96"
        onError={() => {
          isBroken.value = true;
        }}
      />
    );
  }
  const [letter = ''] = name;
  return (
    <svg class={`picture roast-${(letter.codePointAt(0) ?? 0) % 3}`} viewBox="0 0 96 96" aria-hidden="true">
      <path d="m68 68 12 12" />
      <circle cx="48" cy="48" r="36" />
      <circle class="coffee" cx="48" cy="48" r="30" />
      <text x="48" y="49">
        {letter.toUpperCase()}
      </text>
    </svg>
  );
}

function Price({ item }: { item: MenuItem }) {
  if (!item.available) return <span class="price">{menuWords.value.soldOut}</span>;
  const { price, isOnly } = lowestPrice(item);
  return <span class="price">{isOnly ? writeMoney(price) : words.value.from(writeMoney(price))}</span>;
}

const Item = ({ item }: { item: MenuItem }) => (
  <li>
    <a class={item.available ? 'item' : 'item sold-out'} href={`#product/${item.id}`}>
      <Picture {...item} />
      <div>
        <h3 class="name" dir="auto">
          {item.name}
        </h3>
        <p class="faint" dir="auto">
          {item.description}
        </p>
        {item.allergens.length > 0 && <p class="allergens">{describeAllergens(item)}</p>}
        <Price item={item} />
      </div>
    </a>
  </li>
);

const ProductDialog = ({ item }: { item: MenuItem }) => (
  <Modal label={item.name} close={words.value.close} onClose={() => leaveDialog()}>
    <div class="product">
      <Picture {...item} />
      <div>
        <h2 dir="auto">{item.name}</h2>
        <p dir="auto">{item.description}</p>
        {item.allergens.length > 0 && <p class="allergens">{describeAllergens(item)}</p>}
      </div>
    </div>
    <ProductChooser
      item={item}
      label={words.value.add}
      onChoose={(draft) => {
        addLines([lineOf(item, draft)]);
        added.value = item.name;
        leaveDialog();
      }}
    />
  </Modal>
);

function Menu() {
  if (!menu.value) return <p class="faint">{words.value.loading}</p>;
  return categories.value.map(({ name, items }) => (
    <section key={name}>
      <h2 dir="auto">{name ?? (categories.value.length > 1 ? words.value.otherItems : words.value.menu)}</h2>
      <ul class="items">
        {items.map((item) => (
          <Item key={item.id} item={item} />
        ))}
      </ul>
    </section>
  ));
}

export function MenuView({ productId }: { productId: string }) {
  const { count, total } = summary.value;
  const shown = menu.value?.find(({ id }) => id === productId);
  return (
    <>
      <div class="hero">
        <div>
          <Heading title={words.value.menu}>{words.value.greeting}</Heading>
          <p>{words.value.welcome}</p>
        </div>
        <img src={latte} alt="" width="480" height="480" />
      </div>
      <Menu />
      {shown && <ProductDialog key={shown.id} item={shown} />}
      <p role="status" class="visually-hidden">
        {added.value && words.value.added(added.value)}
      </p>
      {count > 0 && (
        <a class="button bar" href="#basket">
          {words.value.showBasket(count, writeMoney(total))}
        </a>
      )}
    </>
  );
}
