import type { Clock } from "./clock.ts";

export interface ResponseWatchdogOptions {
  readonly clock: Clock;
  /** How long one batch may take. */
  readonly timeoutMs: number;
  readonly isBusy: () => boolean;
  /** Told once when the batch of the moment is overdue. */
  readonly onSilence: () => void;
}

/**
 * Sees to it that a worker answers. One timer a worker, not one a batch: it looks again when the batch of
 * that moment would be due.
 */
export class ResponseWatchdog {
  readonly #options: ResponseWatchdogOptions;
  #cancel: (() => void) | undefined;
  /** When the worker has last begun a batch or said something of it. */
  sinceMs = 0;

  constructor(options: ResponseWatchdogOptions) {
    this.#options = options;
  }

  /** The worker has something to do; nothing happens when it is watched already. */
  start(): void {
    if (this.#cancel === undefined) this.#watch(this.#options.timeoutMs);
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #watch(delayMs: number): void {
    const { clock, timeoutMs, isBusy, onSilence } = this.#options;
    this.#cancel = clock.schedule(delayMs, () => {
      this.#cancel = undefined;
      if (!isBusy()) return;
      const remainingMs = this.sinceMs + timeoutMs - clock.now();
      if (remainingMs > 0) return this.#watch(remainingMs);
      onSilence();
    });
  }
}
