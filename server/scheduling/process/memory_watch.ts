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
    const { pid, limitBytes, onExceeded } = this.#options;
    const bytes = await readResidentBytes(pid);
    if (this.#isStopped) return;
    this.#bytes = bytes ?? this.#bytes;
    if (limitBytes !== undefined && this.#bytes > limitBytes) return onExceeded(this.#bytes);
    this.#lookLater();
  }
}
