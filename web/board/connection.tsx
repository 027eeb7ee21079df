import { computed } from '@preact/signals';
import { connection } from './orders.ts';
import { entries } from './outbox.ts';
import { session } from './session.ts';
import { words } from './words.ts';

/** Without a valid sign-in, the stream cannot continue. */
const state = computed(() => {
  if (session.state.value === 'expired') return 'expired';
  return connection.value === 'ended' ? 'lost' : connection.value;
});

/** Whether changes cannot be sent now. A change counts from its second attempt, because most changes need only one. */
export const isDisturbed = computed(
  () => ['lost', 'expired'].includes(state.value) || entries.value.some(({ attempts }) => attempts > 1),
);

/** The state of the connection, with the number of unsent changes if it is disturbed. */
export const Connection = () => (
  <p class={`connection ${isDisturbed.value ? 'lost' : state.value}`} role="status">
    {words.value.connection[state.value]}
    {isDisturbed.value && entries.value.length > 0 && ` · ${words.value.queued(entries.value.length)}`}
  </p>
);
