/** Calls back once, `delayMs` from now; the answer cancels it. */
type Schedule = (delayMs: number, callback: () => void) => () => void;

export interface QuietNamesOptions {
  /** How long a name must not have been touched. */
  readonly quietMs: number;
  readonly schedule: Schedule;
  readonly onQuiet: (name: string) => void;
}

/**
 * Waits with each name until nobody has touched it for a while: editors and copies write in many steps.
 *
 * @example
 * ```ts
 * import { deepStrictEqual } from "node:assert";
 * import { QuietNames } from "./_quiet_names.ts";
 *
 * const timers: (() => void)[] = [];
 * const quiet: string[] = [];
 * const names = new QuietNames({
 *   quietMs: 300,
 *   schedule: (_delayMs, callback) => (timers.push(callback), () => timers.splice(0)),
 *   onQuiet: (name) => quiet.push(name),
 * });
 * names.touch("net.mar");
 * names.touch("net.mar");
 * for (const end of timers) end();
 * deepStrictEqual(quiet, ["net.mar"]);
 * ```
 */
export class QuietNames {
  readonly #options: QuietNamesOptions;
  readonly #cancelByName = new Map<string, () => void>();

  constructor(options: QuietNamesOptions) {
    this.#options = options;
  }

  touch(name: string): void {
    const { quietMs, schedule, onQuiet } = this.#options;
    this.#cancelByName.get(name)?.();
    const cancel = schedule(quietMs, () => {
      this.#cancelByName.delete(name);
      onQuiet(name);
    });
    this.#cancelByName.set(name, cancel);
  }

  /** Forgets all names that are not quiet yet. */
  clear(): void {
    for (const cancel of this.#cancelByName.values()) cancel();
    this.#cancelByName.clear();
  }
}
