import { CancellationScope, isCancellation, sleep } from '@temporalio/workflow';
import type { Alert } from '../domain/order/order.ts';
import type { OrderState } from './order-state.ts';

/** The durable timer of an order's next alert. */
export class AlertTimer {
  readonly #state: OrderState;
  #running: { alert: Alert; at: number; scope: CancellationScope } | undefined;
  #hasFired = false;

  constructor(state: OrderState) {
    this.#state = state;
  }

  /** Whether the timer has fired, or does not match the order's next alert. */
  isDue(): boolean {
    const next = this.#state.nextAlert();
    return this.#hasFired || next?.at !== this.#running?.at || next?.alert !== this.#running?.alert;
  }

  /** Raises the next alert if it is due; otherwise starts a timer for it. */
  update(): void {
    if (!this.#hasFired) this.#running?.scope.cancel();
    this.#hasFired = false;
    this.#running = undefined;
    const next = this.#state.nextAlert();
    if (!next) return;
    if (next.at > Date.now()) this.#start(next.alert, next.at);
    else this.#state.raiseAlert(next.alert);
  }

  #start(alert: Alert, at: number): void {
    const scope = new CancellationScope();
    this.#running = { alert, at, scope };
    void scope
      .run(() => sleep(at - Date.now(), { summary: `${alert}?` }))
      .then(
        () => {
          this.#hasFired = true;
        },
        (error: unknown) => {
          if (!isCancellation(error)) throw error;
        },
      );
  }
}
