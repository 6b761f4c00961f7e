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

/** A worker's failures in a row. */
export interface Recovery {
  /** When the first of them was, milliseconds since the epoch. */
  readonly startedAtMs: number;
  /** How many there were, from 1. */
  readonly failures: number;
}

/**
 * For the worker: when to try again after a failure, and when to give up.
 *
 * The last try comes at the end of `maxRetryTimeoutMs`, though its own wait would be longer: what fails
 * then is given up at once, and not minutes later.
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
  #recovery: Recovery | undefined;

  constructor(options: { maxRetryTimeoutMs: number }) {
    this.#maxRetryTimeoutMs = options.maxRetryTimeoutMs;
  }

  /** The failures since the last load; absent when there are none. */
  get recovery(): Recovery | undefined {
    return this.#recovery;
  }

  /** Milliseconds to wait, or `undefined` once `maxRetryTimeoutMs` has passed since the first failure in a row. */
  nextDelayMs(nowMs: number): number | undefined {
    const { startedAtMs, failures } = this.#recovery ?? { startedAtMs: nowMs, failures: 0 };
    this.#recovery = { startedAtMs, failures: failures + 1 };
    const leftMs = startedAtMs + this.#maxRetryTimeoutMs - nowMs;
    if (leftMs <= 0) return undefined;
    const index = Math.min(failures + 1, BACK_OFF_SECONDS.length - 1);
    return Math.min(BACK_OFF_SECONDS[index]! * 1000, leftMs);
  }

  /** Forgets all failures: the worker has loaded its model. */
  reset(): void {
    this.#recovery = undefined;
  }
}
