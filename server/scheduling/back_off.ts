/**
 * Seconds between restarts of a worker, as TorchServe's worker thread waits: the index moves before it
 * is used, so the first restart comes after 1 s, and the last value repeats.
 */
const BACK_OFF_SECONDS = [
  0,
  1,
  1,
  2,
  3,
  5,
  8,
  13,
  21,
  34,
  55,
  89,
  144,
  233,
  377,
  610,
  987,
  1597,
] as const;

/**
 * For the worker: when to try again after a failure, and when to give up.
 *
 * @example Three failures in a row, then a load that works
 * ```ts
 * import { strictEqual } from "node:assert";
 * import { BackOff } from "./back_off.ts";
 *
 * const backOff = new BackOff({ maxRetryTimeoutMs: 300_000 });
 * strictEqual(backOff.nextDelayMs(0), 1_000);
 * strictEqual(backOff.nextDelayMs(1_000), 1_000);
 * strictEqual(backOff.nextDelayMs(2_000), 2_000);
 * backOff.reset();
 * strictEqual(backOff.nextDelayMs(9_000), 1_000);
 * ```
 */
export class BackOff {
  readonly #maxRetryTimeoutMs: number;
  #index = 0;
  #firstFailureAtMs: number | undefined;

  constructor(options: { maxRetryTimeoutMs: number }) {
    this.#maxRetryTimeoutMs = options.maxRetryTimeoutMs;
  }

  /** Milliseconds to wait, or `undefined` once `maxRetryTimeoutMs` has passed since the first failure in a row. */
  nextDelayMs(nowMs: number): number | undefined {
    this.#firstFailureAtMs ??= nowMs;
    if (nowMs - this.#firstFailureAtMs >= this.#maxRetryTimeoutMs) return undefined;
    this.#index = Math.min(this.#index + 1, BACK_OFF_SECONDS.length - 1);
    return BACK_OFF_SECONDS[this.#index] * 1000;
  }

  /** Forgets all failures: the worker has loaded its model. */
  reset(): void {
    this.#index = 0;
    this.#firstFailureAtMs = undefined;
  }
}
