import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import type { MenuItem } from '../../db/catalog-view.ts';
import type { Shop } from '../shop.ts';
import { fillInSignIn, openPage } from './page-checks.ts';

/** A customer's browser at the storefront. */
export interface Customer {
  page: Page;
  /** Chooses a Latte with oat milk on the menu, and adds it to the basket. */
  addLatte(): Promise<void>;
  /** Opens the basket and reviews the order; signs in where the page asks for it. Returns when the page shows the total. */
  review(): Promise<void>;
  /** Places the reviewed order. Returns its id when the page shows its status. */
  place(): Promise<string>;
  /** Waits for a heading of the first level. */
  heading(name: string | RegExp): Promise<void>;
  /** Clicks a button. */
  press(name: string | RegExp): Promise<void>;
}

/** Opens the storefront in a browser of its own. */
export async function openStorefront(
  browser: Browser,
  shop: Shop,
  options: BrowserContextOptions & { language?: 'en' | 'pt' } = {},
): Promise<Customer> {
  const page = await openPage(browser, options);
  await page.goto(`${shop.url}/`);
  const heading = (name: string | RegExp) => page.getByRole('heading', { level: 1, name }).waitFor();
  const press = (name: string | RegExp) => page.getByRole('button', { name }).click();
  return {
    page,
    heading,
    press,
    async addLatte() {
      await page.getByRole('link', { name: /^Latte/ }).click();
      const dialog = page.getByRole('dialog', { name: 'Latte' });
      await dialog.getByRole('checkbox', { name: /^Oat/ }).check();
      await dialog.getByRole('button', { name: /^(Add|Adicionar) · / }).click();
      await page.getByRole('link', { name: /^(Your basket|A sua cesta) · / }).waitFor();
    },
    async review() {
      await page.goto(`${shop.url}/#basket`);
      await page.getByRole('link', { name: /^(Review the order|Conferir o pedido) · / }).click();
      const total = page.getByRole('button', { name: /^(Place the order|Fazer o pedido|Accept and order) · / });
      const signIn = page.getByRole('main').getByRole('button', { name: /^(Sign in|Entrar)$/ });
      await total.or(signIn).waitFor();
      if (await total.isVisible()) return;
      await signIn.click();
      await fillInSignIn(page, 'customer@example.com');
      await total.waitFor();
    },
    async place() {
      await press(/^(Place the order|Fazer o pedido|Accept and order) · /);
      await page.waitForURL(/#order\//);
      return new URL(page.url()).hash.replace('#order/', '');
    },
  };
}

/** Changes an item of the menu as the manager. Returns a function that changes it back. */
export async function changeMenu(shop: Shop, path: string, change: object, back: object): Promise<() => Promise<void>> {
  const patch = async (body: object) => {
    const { status } = await shop.request('PATCH', path, { as: shop.manager, body });
    if (status !== 200) throw new Error(`The change of ${path} was answered with ${status}.`);
  };
  await patch(change);
  return () => patch(back);
}

/** Returns the paths of the latte and of its option Oat. */
export async function lattePaths(shop: Shop): Promise<{ latte: string; oat: string }> {
  const { body } = await shop.request('GET', '/v1/catalog');
  const latte = (body.data as MenuItem[]).find(({ name }) => name === 'Latte')!;
  const milk = latte.optionGroups.find(({ name }) => name === 'Milk')!;
  const oat = milk.options.find(({ name }) => name === 'Oat')!;
  return { latte: `/v1/products/${latte.id}`, oat: `/v1/option-groups/${milk.id}/options/${oat.id}` };
}
