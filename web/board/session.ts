import { computed } from '@preact/signals';
import { createSession } from '../session/session.ts';

export const session = createSession({ clientId: 'crema' });

/** Whether the API lets the signed-in user work at the board. */
export const isStaff = computed(() => ['barista', 'manager'].includes(session.account.value?.role ?? ''));
