/** Lines that a worker may have logged in one second: each costs the server about 40 µs. */
const MAX_LINES = 1_000;

const WINDOW_MS = 1_000;

/** What is logged in place of the lines beyond. */
export const LEFT_OUT_TEXT =
  `Cannot log all that the worker prints: ${MAX_LINES} lines a second at most, the rest of this second is left out`;

/**
 * Keeps a worker that prints in an endless loop from taking all of the server's time: the lines of one
 * second beyond a number are left out.
 *
 * @example
 * ```ts
 * import { deepStrictEqual } from "node:assert";
 * import { LineBudget } from "./line_budget.ts";
 *
 * const budget = new LineBudget({ maxLines: 1, now: () => 0 });
 * deepStrictEqual([budget.take(), budget.take(), budget.take()], ["logged", "told", "left_out"]);
 * ```
 */
export class LineBudget {
  readonly #maxLines: number;
  readonly #now: () => number;
  #startedAtMs = -Infinity;
  #taken = 0;

  /** @param options 1,000 lines by this thread's own clock unless given, in milliseconds. */
  constructor(
    { maxLines = MAX_LINES, now = () => performance.now() }: {
      readonly maxLines?: number;
      readonly now?: () => number;
    } = {},
  ) {
    this.#maxLines = maxLines;
    this.#now = now;
  }

  /** True until the second is over in which there were too many lines. */
  get isSpent(): boolean {
    return this.#taken > this.#maxLines && this.#now() - this.#startedAtMs < WINDOW_MS;
  }

  /** What becomes of the next line: `"told"` for the first one that is left out in its second. */
  take(): "logged" | "told" | "left_out" {
    const nowMs = this.#now();
    if (nowMs - this.#startedAtMs >= WINDOW_MS) {
      this.#startedAtMs = nowMs;
      this.#taken = 0;
    }
    this.#taken++;
    if (this.#taken <= this.#maxLines) return "logged";
    return this.#taken === this.#maxLines + 1 ? "told" : "left_out";
  }
}
