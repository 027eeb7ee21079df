import { effect, untracked } from '@preact/signals';
import { readMenu } from '../menu/menu.ts';
import { Brand } from '../page/brand.tsx';
import { isOnline } from '../page/online.ts';
import { showPage } from '../page/show-page.tsx';
import { BasketView } from './basket-view.tsx';
import { placing, sendOrder } from './checkout.ts';
import { CheckoutView } from './checkout-view.tsx';
import { MenuView } from './menu-view.tsx';
import { OrderView } from './order-view.tsx';
import { OrdersView } from './orders-view.tsx';
import { replaceRoute, route, updateRoute } from './route.ts';
import { session } from './session.ts';
import { SignInButton, SignInButtons, SignInFirst } from './sign-in.tsx';
import './storefront.css';
import { words } from './words.ts';

const Account = () => (
  <>
    <a href="#orders">{words.value.orders}</a>
    <bdi>{session.account.value?.name}</bdi>
    <button type="button" class="quiet" onClick={session.signOut}>
      {words.value.signOut}
    </button>
  </>
);

const Header = () => (
  <header>
    <Brand />
    <nav>{session.state.value === 'signed in' ? <Account /> : <SignInButtons />}</nav>
  </header>
);

function View() {
  const { view, id } = route.value;
  if (view === 'basket') return <BasketView />;
  if (session.state.value !== 'signed in') return <SignInFirst isForOrder={view === 'checkout'} />;
  if (view === 'checkout') return <CheckoutView />;
  return view === 'orders' ? <OrdersView /> : <OrderView key={id} id={id} />;
}

const Notices = () => (
  <div role="status">
    {!isOnline.value && <p class="fault">{words.value.offline}</p>}
    {session.state.value === 'expired' && (
      <div class="fault row apart">
        {words.value.expired}
        <SignInButton label={words.value.signInAgain} />
      </div>
    )}
  </div>
);

function Page() {
  const { view } = route.value;
  const isMenu = !['basket', 'checkout', 'orders', 'order'].includes(view);
  return (
    <>
      <Header />
      <main>
        <Notices />
        {isMenu ? (
          <MenuView />
        ) : (
          <div class="narrow">
            <View />
            <a href="#menu">{words.value.back}</a>
          </div>
        )}
      </main>
    </>
  );
}

void readMenu();
addEventListener('online', () => void readMenu());
// Items can have been sold out since the last view.
addEventListener('hashchange', () => void readMenu());
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) void readMenu();
});
await session.completeSignIn();
updateRoute();
effect(() => {
  if (route.value.view !== 'sign-in') return;
  replaceRoute('#menu');
  if (session.state.peek() !== 'signed in') void session.signIn();
});
if (placing.value) replaceRoute('#checkout');
effect(() => {
  if (placing.value && session.state.value === 'signed in' && session.account.value) untracked(() => void sendOrder());
});
showPage(Page);
