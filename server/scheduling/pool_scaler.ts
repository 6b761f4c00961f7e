import { decideScaling, type ScalingLoad } from "./autoscaler.ts";
import type { Clock } from "./clock.ts";

/** The least time between two looks at idle workers. */
const MIN_IDLE_CHECK_MS = 100;

/** What the pool tells of itself, the times of changes apart. */
export type PoolLoad = Omit<ScalingLoad, "settledForMs">;

export interface PoolScalerOptions {
  readonly clock: Clock;
  readonly scaleUpQueueMs: number;
  readonly scaleDownIdleMs: number;
  readonly readLoad: () => PoolLoad;
  /** @param waitedMs How long the oldest request has waited. */
  readonly grow: (waitedMs: number) => void;
  /** @param idleMs How long the worker that is to go has been idle. */
  readonly shrink: (idleMs: number) => void;
}

/**
 * Does what {@linkcode decideScaling} says. Growing is looked at while requests wait, by the pool's own
 * sweep; a timer of its own runs only while there are more workers than `minWorkers`.
 */
export class PoolScaler {
  readonly #options: PoolScalerOptions;
  #minWorkers = 0;
  #maxWorkers = 0;
  #changedAtMs = 0;
  #cancelTimer: (() => void) | undefined;

  constructor(options: PoolScalerOptions) {
    this.#options = options;
  }

  /** What somebody has asked for goes before what the load asks for. */
  setRange(minWorkers: number, maxWorkers: number): void {
    this.#minWorkers = minWorkers;
    this.#maxWorkers = maxWorkers;
    this.noteChange();
  }

  /** A worker has become ready, or gone: what is measured from here on counts. */
  noteChange(): void {
    this.#changedAtMs = this.#options.clock.now();
    this.#watchIdle();
  }

  check(): void {
    if (this.#minWorkers === this.#maxWorkers) return;
    const { clock, readLoad, grow, shrink } = this.#options;
    const load = { ...readLoad(), settledForMs: clock.now() - this.#changedAtMs };
    const limits = {
      minWorkers: this.#minWorkers,
      maxWorkers: this.#maxWorkers,
      scaleUpQueueMs: this.#options.scaleUpQueueMs,
      scaleDownIdleMs: this.#options.scaleDownIdleMs,
    };
    switch (decideScaling(limits, load)) {
      case "grow":
        grow(load.oldestWaitMs);
        return this.noteChange();
      case "shrink":
        shrink(load.longestIdleMs);
        return this.noteChange();
      case "none":
        return;
    }
  }

  stop(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #watchIdle(): void {
    if (this.#cancelTimer !== undefined || this.#minWorkers === this.#maxWorkers) return;
    const { workers, longestIdleMs } = this.#options.readLoad();
    if (workers <= this.#minWorkers || this.#minWorkers === 0) return;
    const { clock, scaleDownIdleMs } = this.#options;
    const delayMs = Math.max(MIN_IDLE_CHECK_MS, scaleDownIdleMs - longestIdleMs);
    this.#cancelTimer = clock.schedule(delayMs, () => {
      this.#cancelTimer = undefined;
      this.check();
      this.#watchIdle();
    });
  }
}
