import { type ComponentType, render } from 'preact';
import '../styles/base.css';

/** Shows a page in place of the notice that it needs JavaScript. */
export function showPage(Page: ComponentType): void {
  document.body.replaceChildren();
  render(<Page />, document.body);
}
