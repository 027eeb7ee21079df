import { Brand } from '../page/brand.tsx';
import { Connection } from './connection.tsx';
import { notices, notify } from './notices.ts';
import { readDelivered } from './orders.ts';
import { entries, isAboutOrder, statusAfter, undo, undoable } from './outbox.ts';
import { openDraft, openMenuPanel, panel } from './panel.ts';
import { session } from './session.ts';
import { isSoundOn, switchSound } from './sound.ts';
import { words } from './words.ts';

function signOut(): void {
  if (entries.value.length > 0) notify(words.value.unsent, { id: 'unsent' });
  else session.signOut();
}

export const Header = () => (
  <header class="top">
    <Brand />
    <Connection />
    <button
      type="button"
      class="quiet icon"
      aria-pressed={isSoundOn.value}
      aria-label={words.value.sound}
      title={words.value.sound}
      onClick={() => void switchSound()}
    >
      <svg viewBox="0 0 24 24" aria-hidden="true">
        <path
          d={
            isSoundOn.value
              ? `${speaker} M16 8.5a5 5 0 0 1 0 7 M18.500 6a8.500 8.500 0 0 1 0 12`
              : `${speaker} M16 9.500l5 5 M21 9.500l-5 5`
          }
        />
      </svg>
    </button>
    <button
      type="button"
      class="quiet icon"
      aria-label={words.value.signOut}
      title={words.value.signOut}
      onClick={signOut}
    >
      <svg viewBox="0 0 24 24" aria-hidden="true">
        <path d="M14 4H5v16h9 M10 12h11 M17 8l4 4-4 4" />
      </svg>
    </button>
    <div class="actions">
      <button type="button" onClick={() => openMenuPanel('new order')}>
        {words.value.newOrder}
      </button>
      <button type="button" class="quiet" onClick={() => openMenuPanel('sold out')}>
        {words.value.soldOut}
      </button>
      <button
        type="button"
        class="quiet"
        onClick={() => {
          panel.value = { kind: 'last delivered' };
          void readDelivered();
        }}
      >
        {words.value.lastDelivered}
      </button>
    </div>
  </header>
);

const speaker = 'M4 9.500h4l5-4v13l-5-4H4z';

export const Notices = () => (
  <div class="notices" aria-live="assertive">
    {session.state.value === 'expired' && (
      <div class="fault">
        <p>{words.value.expired}</p>
        <button type="button" class="quiet" onClick={() => void session.signIn()}>
          {words.value.signInAgain}
        </button>
      </div>
    )}
    {notices.value.map(({ id, text, draft, orderId }) => (
      <div key={id} class={orderId ? 'info' : 'fault'}>
        <p>{text}</p>
        {draft && (
          <button
            type="button"
            class="quiet"
            onClick={() => {
              notices.remove(id);
              openDraft(draft);
            }}
          >
            {words.value.openDraft}
          </button>
        )}
        {orderId && (
          <button
            type="button"
            class="quiet"
            onClick={() => {
              notices.remove(id);
              panel.value = { kind: 'order', id: orderId };
            }}
          >
            {words.value.showCode}
          </button>
        )}
        {!draft && (
          <button type="button" class="quiet icon" aria-label={words.value.dismiss} onClick={() => notices.remove(id)}>
            ×
          </button>
        )}
      </div>
    ))}
  </div>
);

/** Moves the focus to a card, because the button that had it disappears. */
const focusCard = (id: string) =>
  requestAnimationFrame(() => document.getElementById(id)?.querySelector<HTMLElement>('.forward')?.focus());

/** The changes that can be undone. */
export const Undo = () => (
  <div class="undo" role="status">
    {undoable.value.map(
      ({ id, change }) =>
        isAboutOrder(change) && (
          <p key={id}>
            {words.value.moved(change.number, statusAfter(change))}
            <button
              type="button"
              class="quiet"
              aria-label={words.value.about(words.value.undo, change.number)}
              onClick={() => {
                undo(id);
                focusCard(change.orderId);
              }}
            >
              {words.value.undo}
            </button>
          </p>
        ),
    )}
  </div>
);
