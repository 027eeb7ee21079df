import type { Money } from '../domain/money.ts';

/** Returns an amount of US dollars. @param amount in cents */
export const usd = (amount: number): Money => ({ amount, currency: 'USD' });
