import { signal } from '@preact/signals';

/** Reads the fragment: `#order/<id>` is the view `order` with an id. */
function read(): { view: string; id: string } {
  const [view = '', id = ''] = location.hash.slice(1).split('/');
  return { view, id };
}

export const route = signal(read());

/** Reads the route anew. `history.replaceState` changes it without an event. */
export function updateRoute(): void {
  route.value = read();
}

addEventListener('hashchange', updateRoute);

/** Shows another view. The back button skips the one that it replaces. */
export const replaceRoute = (fragment: string): void => location.replace(`#${fragment}`);
