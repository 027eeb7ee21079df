import { effect, signal } from '@preact/signals';
import { readMenu } from '../menu/menu.ts';
import { Brand } from '../page/brand.tsx';
import { showPage } from '../page/show-page.tsx';
import { BasketView } from './basket-view.tsx';
import { placing, sendOrder } from './checkout.ts';
import { CheckoutView } from './checkout-view.tsx';
import { MenuView } from './menu-view.tsx';
import { OrderView } from './order-view.tsx';
import { OrdersView } from './orders-view.tsx';
import { replaceRoute, route, updateRoute } from './route.ts';
import { session } from './session.ts';
import { SignInButtons, SignInFirst } from './sign-in.tsx';
import './storefront.css';
import { words } from './words.ts';

const isOnline = signal(navigator.onLine);
for (const type of ['online', 'offline']) {
  addEventListener(type, () => {
    isOnline.value = navigator.onLine;
    if (navigator.onLine) void readMenu();
  });
}

const Header = () => (
  <header>
    <Brand />
    {session.state.value === 'signed in' ? (
      <nav>
        <a href="#orders">{words.value.orders}</a>
        <bdi class="account">{session.account.value?.name}</bdi>
        <button type="button" class="quiet" onClick={session.signOut}>
          {words.value.signOut}
        </button>
      </nav>
    ) : (
      <nav>
        <SignInButtons />
      </nav>
    )}
  </header>
);

function View() {
  const { view, id } = route.value;
  if (view === 'basket' || view === 'line') return <BasketView lineId={id} />;
  if (session.state.value !== 'signed in') return <SignInFirst isForOrder={view === 'checkout'} />;
  if (view === 'checkout') return <CheckoutView />;
  return view === 'orders' ? <OrdersView /> : <OrderView key={id} id={id} isCancelling={view === 'cancel'} />;
}

const Notices = () => (
  <div role="status">
    {!isOnline.value && <p class="fault">{words.value.offline}</p>}
    {session.state.value === 'expired' && (
      <div class="fault row apart">
        {words.value.expired}
        <button type="button" class="quiet" onClick={() => session.signIn()}>
          {words.value.signInAgain}
        </button>
      </div>
    )}
  </div>
);

function Page() {
  const { view, id } = route.value;
  const isMenu = !['basket', 'line', 'checkout', 'orders', 'order', 'cancel'].includes(view);
  return (
    <>
      <Header />
      <main>
        <Notices />
        {isMenu ? (
          <MenuView productId={id} />
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
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) void readMenu();
});
await session.completeSignIn();
updateRoute();
effect(() => {
  if (route.value.view !== 'sign-in') return;
  replaceRoute('');
  if (session.state.peek() !== 'signed in') void session.signIn();
});
if (placing.value) {
  replaceRoute('checkout');
  void sendOrder();
}
showPage(Page);
if (session.state.value === 'signed in') void session.readAccount();
