import type { Clock } from "./clock.ts";

export interface ClientDeadlinesOptions {
  readonly clock: Clock;
  /** How long a request may take from its arrival to its answer; 0: for ever. */
  readonly timeoutMs: number;
  /**
   * Answers every request that has come at `latestMs` or before and has no answer yet.
   *
   * @returns When the oldest of the other requests without an answer came; absent when there is none.
   */
  readonly expire: (latestMs: number) => number | undefined;
}

/** `clientTimeoutInMills` with one timer for all requests: it is set to when the oldest one is due. */
export class ClientDeadlines {
  readonly #options: ClientDeadlinesOptions;
  #cancel: (() => void) | undefined;

  constructor(options: ClientDeadlinesOptions) {
    this.#options = options;
  }

  /** A request has come in. */
  start(): void {
    const { timeoutMs } = this.#options;
    if (timeoutMs > 0 && this.#cancel === undefined) this.#watch(timeoutMs);
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #watch(delayMs: number): void {
    const { clock, timeoutMs, expire } = this.#options;
    this.#cancel = clock.schedule(delayMs, () => {
      this.#cancel = undefined;
      const nowMs = clock.now();
      const oldestMs = expire(nowMs - timeoutMs);
      if (oldestMs !== undefined) this.#watch(Math.max(1, oldestMs + timeoutMs - nowMs));
    });
  }
}
