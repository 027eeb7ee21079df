import { signal } from '@preact/signals';
import type { MenuItem } from '../client/index.ts';
import { draftOf, lineOf, lowestPrice } from '../menu/line-draft.ts';
import { categories, isMenuUnanswered, menu, readMenu } from '../menu/menu.ts';
import { describeAllergens, ProductChooser } from '../menu/product-chooser.tsx';
import { words as menuWords } from '../menu/words.ts';
import { writeMoney } from '../orders/money.ts';
import { Heading } from '../page/heading.tsx';
import { Modal } from '../page/modal.tsx';
import { basket } from './basket.ts';
import latte from './latte.svg';
import { leaveDialog, route } from './route.ts';
import { words } from './words.ts';

/** The product that was added last, for the announcement. */
const added = signal('');

/** The picture of a product: its own, or a drawing of a cup with its first letter as latte art. */
function Picture({ name: [letter = ''], imageUrl }: MenuItem) {
  if (imageUrl) {
    // Without its source, a picture that cannot be loaded is an empty box.
    const onError = ({ currentTarget }: { currentTarget: Element }) => currentTarget.removeAttribute('src');
    return <img class="picture" src={imageUrl} alt="" loading="lazy" width="96" height="96" onError={onError} />;
  }
  return (
    <svg class={`picture roast-${(letter.codePointAt(0) ?? 0) % 3}`} viewBox="0 0 96 96" aria-hidden="true">
      <path d="m68 68 12 12" />
      <circle cx="48" cy="48" r="36" />
      <circle class="coffee" cx="48" cy="48" r="30" />
      <text x="48" y="49" children={letter.toUpperCase()} />
    </svg>
  );
}

function writePrice(item: MenuItem): string {
  if (!item.available) return menuWords.value.soldOut;
  const { price, isOnly } = lowestPrice(item);
  return isOnly ? writeMoney(price) : words.value.from(writeMoney(price));
}

/** What a product is. @param level of the heading */
const About = ({ item, level: Level }: { item: MenuItem; level: 'h2' | 'h3' }) => (
  <div>
    <Level dir="auto">{item.name}</Level>
    <p class="faint" dir="auto">
      {item.description}
    </p>
    <small class="faint">{describeAllergens(item)}</small>
    {Level === 'h3' && <p>{writePrice(item)}</p>}
  </div>
);

const Menu = () =>
  categories.value.map(({ name, items }) => (
    <section key={name}>
      <h2 dir="auto">{name ?? words.value.menu}</h2>
      <ul class="items">
        {items.map((item) => (
          <li key={item.id}>
            <a class={item.available ? 'item' : 'item sold-out'} href={`#product/${item.id}`}>
              <Picture {...item} />
              <About item={item} level="h3" />
            </a>
          </li>
        ))}
      </ul>
    </section>
  ));

const NoMenu = () =>
  isMenuUnanswered.value ? (
    <section>
      <p role="alert">{words.value.noAnswer}</p>
      <button type="button" onClick={readMenu}>
        {words.value.tryAgain}
      </button>
    </section>
  ) : (
    <p>{words.value.loading}</p>
  );

/** Adds a product to the basket, or changes the line of the basket that the route names. */
function ProductDialog({ item }: { item: MenuItem }) {
  const line = basket.value.lines.find(({ id }) => id === route.value.lineId);
  const close = () => leaveDialog(line ? '#basket' : '#menu');
  return (
    <Modal label={item.name} close={words.value.close} onClose={close}>
      <div class="product">
        <Picture {...item} />
        <About item={item} level="h2" />
      </div>
      <ProductChooser
        item={item}
        draft={line && draftOf(line)}
        label={line ? words.value.save : words.value.add}
        onChoose={(draft) => {
          basket.put(lineOf(item, draft, line?.id));
          added.value = item.name;
          close();
        }}
      />
    </Modal>
  );
}

export function MenuView() {
  const count = basket.orderable.value.reduce((sum, { quantity }) => sum + quantity, 0);
  const chosen = menu.value?.find(({ id }) => id === route.value.id);
  return (
    <>
      <div class="hero">
        <Heading title={words.value.menu}>{words.value.greeting}</Heading>
        <p>{words.value.welcome}</p>
        <img src={latte} alt="" width="480" height="480" />
      </div>
      {menu.value ? <Menu /> : <NoMenu />}
      {chosen && <ProductDialog key={chosen.id} item={chosen} />}
      <p role="status" class="visually-hidden">
        {added.value && words.value.added(added.value, count)}
      </p>
      {count > 0 && (
        <a class="button bar" href="#basket">
          {words.value.showBasket(count, writeMoney(basket.total.value))}
        </a>
      )}
    </>
  );
}
