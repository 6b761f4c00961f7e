/** A body that is still being read. */
export interface OpenBody {
  readonly startedAtTick: number;
  readonly expire: () => void;
}

/**
 * Ends the bodies of slow clients, with one clock for all of them: a timer for each request would cost
 * more than reading most bodies does.
 *
 * Time is counted in ticks, which the owner gives: a body expires once `maxTicks` whole ticks have
 * passed since it was opened, so at most one tick late and never early.
 *
 * @example One tick is allowed
 * ```ts
 * import { deepStrictEqual } from "node:assert";
 * import { BodyDeadlines } from "./body_deadlines.ts";
 *
 * const expired: string[] = [];
 * const deadlines = new BodyDeadlines(1);
 * deadlines.open(() => expired.push("slow"));
 * const quick = deadlines.open(() => expired.push("quick"));
 *
 * deadlines.tick();
 * deadlines.close(quick);
 * deepStrictEqual(expired, []);
 * deadlines.tick();
 * deepStrictEqual(expired, ["slow"]);
 * ```
 */
export class BodyDeadlines {
  readonly #maxTicks: number;
  readonly #open = new Set<OpenBody>();
  #tick = 0;

  constructor(maxTicks: number) {
    this.#maxTicks = maxTicks;
  }

  /** `expire` is called at most once, from `tick()`. */
  open(expire: () => void): OpenBody {
    const body = { startedAtTick: this.#tick, expire };
    this.#open.add(body);
    return body;
  }

  close(body: OpenBody): void {
    this.#open.delete(body);
  }

  /** Lets one tick pass. The oldest bodies come first in the set, so it stops at the first young one. */
  tick(): void {
    this.#tick++;
    for (const body of this.#open) {
      if (this.#tick - body.startedAtTick <= this.#maxTicks) return;
      this.#open.delete(body);
      body.expire();
    }
  }
}
