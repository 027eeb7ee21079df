import { createSession } from '../session/session.ts';

export const session = createSession({ clientId: 'crema' });
