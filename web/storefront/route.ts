import { signal } from '@preact/signals';

/** Reads the fragment: `#order/<id>` is the view `order` with an id. */
function read() {
  const [view = '', id = '', lineId = ''] = location.hash.slice(1).split('/');
  return { view, id, lineId };
}

export const route = signal(read());

/** Reads the route anew. `history.replaceState` changes it without an event. */
export function updateRoute(): void {
  route.value = read();
}

/** The fragment of the view that the reader has just left. */
let previous: string | undefined;
addEventListener('hashchange', ({ oldURL }) => {
  previous = new URL(oldURL).hash || '#menu';
  updateRoute();
});

/** Shows another view. The back button skips the one that it replaces. */
export const replaceRoute = (fragment: string): void => location.replace(fragment);

/** Leaves a dialog for the view below it, as the back button does. */
export function leaveDialog(fragment: string): void {
  if (previous === fragment) history.back();
  else replaceRoute(fragment);
}
