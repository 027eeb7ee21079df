import { CancellationScope, isCancellation, sleep } from '@temporalio/workflow';
import type { Alert } from '../domain/order/order.ts';
import type { OrderBook } from './order-book.ts';

/** The alarm clock of an order: rings when its patience runs out. */
export interface Alarm {
  /** It has rung, or is set to another time than the order needs. */
  isWrong(): boolean;
  /** Raises the alert it rang for, and sets it to what the order needs now. */
  set(): void;
}

export function createAlarm(book: OrderBook): Alarm {
  let timer: { alert: Alert; at: number; scope: CancellationScope } | undefined;
  let rang = false;

  /** A change of status starts the clock anew. */
  function isWrong(): boolean {
    const next = book.nextAlert();
    return rang || next?.at !== timer?.at || next?.alert !== timer?.alert;
  }

  function set(): void {
    if (!isWrong()) return;
    if (!rang) timer?.scope.cancel();
    rang = false;
    timer = undefined;
    const next = book.nextAlert();
    if (!next) return;
    if (next.at > Date.now()) wind(next.alert, next.at);
    else book.raise(next.alert);
  }

  function wind(alert: Alert, at: number): void {
    const scope = new CancellationScope();
    timer = { alert, at, scope };
    const ring = () => {
      rang = true;
    };
    void scope
      .run(() => sleep(at - Date.now(), { summary: `${alert}?` }))
      .then(ring, (error: unknown) => {
        if (!isCancellation(error)) throw error;
      });
  }

  return { isWrong, set };
}
