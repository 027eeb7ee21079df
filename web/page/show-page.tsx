import { effect } from '@preact/signals';
import { type ComponentType, render } from 'preact';
import '../styles/base.css';
import { settings } from './settings.ts';

/** Shows a page in place of the notice that it needs JavaScript. */
export function showPage(Page: ComponentType): void {
  document.body.replaceChildren();
  render(<Page />, document.body);
}

/** Sets the title of the page, which follows the signals that `title` reads. */
export function setTitle(title: () => string): void {
  effect(() => {
    document.title = `${title()} · ${settings.shopName}`;
  });
}
