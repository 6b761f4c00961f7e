import type { Clock } from "../../server/scheduling/mod.ts";

interface Timer {
  readonly dueAtMs: number;
  readonly callback: () => void;
}

/** A clock that stands still until it is moved. */
export class ManualClock implements Clock {
  #nowMs = 0;
  readonly #timers = new Set<Timer>();

  now(): number {
    return this.#nowMs;
  }

  schedule(delayMs: number, callback: () => void): () => void {
    const timer = { dueAtMs: this.#nowMs + delayMs, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Milliseconds until each pending timer, the soonest first. */
  get pendingDelaysMs(): number[] {
    return [...this.#timers].map((timer) => timer.dueAtMs - this.#nowMs).sort((a, b) => a - b);
  }

  /** Moves time on, calls what is due in its order, and lets promises that follow from it settle. */
  async advance(byMs: number): Promise<void> {
    await settlePromises();
    const untilMs = this.#nowMs + byMs;
    for (;;) {
      const due = [...this.#timers].filter((timer) => timer.dueAtMs <= untilMs)
        .sort((a, b) => a.dueAtMs - b.dueAtMs)[0];
      if (due === undefined) break;
      this.#timers.delete(due);
      this.#nowMs = Math.max(this.#nowMs, due.dueAtMs);
      due.callback();
      await settlePromises();
    }
    this.#nowMs = untilMs;
    await settlePromises();
  }
}

/** Lets every promise settle that needs no timer and no I/O. */
export async function settlePromises(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}
