import type { Clock } from "../clock.ts";
import { readResidentBytes } from "./resident_memory.ts";

/** How often a process with a limit is looked at: what it takes in between is not seen. */
const LIMIT_INTERVAL_MS = 100;

/** The same where the number is only shown, or growth over hours is looked for. */
const SHOWN_INTERVAL_MS = 1_000;

export interface MemoryWatchOptions {
  readonly pid: number;
  readonly clock: Clock;
  /** Absent: any amount will do. */
  readonly limitBytes?: number;
  /** Told once, when more than the limit was found. */
  readonly onExceeded: (bytes: number) => void;
}

/** Looks at a process's memory from outside until it is stopped. */
export class MemoryWatch {
  readonly #options: MemoryWatchOptions;
  #bytes = 0;
  #seenAtMs: number | undefined;
  #cancel: (() => void) | undefined;
  #isStopped = false;

  constructor(options: MemoryWatchOptions) {
    this.#options = options;
    this.#lookLater();
  }

  /** What was found last; 0 before. */
  get bytes(): number {
    return this.#bytes;
  }

  /** When that look began. */
  get seenAtMs(): number | undefined {
    return this.#seenAtMs;
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel?.();
  }

  #lookLater(): void {
    const { clock, limitBytes } = this.#options;
    const delayMs = limitBytes === undefined ? SHOWN_INTERVAL_MS : LIMIT_INTERVAL_MS;
    this.#cancel = clock.schedule(delayMs, () => this.#look());
  }

  async #look(): Promise<void> {
    const { pid, clock, limitBytes, onExceeded } = this.#options;
    const startedAtMs = clock.now();
    const bytes = await readResidentBytes(pid);
    if (this.#isStopped) return;
    if (bytes !== undefined) {
      this.#bytes = bytes;
      this.#seenAtMs = startedAtMs;
    }
    if (limitBytes !== undefined && this.#bytes > limitBytes) return onExceeded(this.#bytes);
    this.#lookLater();
  }
}
