import type { PackingProgress } from "../model_archiver_config.ts";

/** Smaller files are done before anyone can read a bar. */
const MIN_FILE_BYTES = 64 * 1024 * 1024;
const MIN_REDRAW_MS = 100;
const BAR_CHARS = 24;
const MEGABYTE = 1_000_000;

export interface ProgressBarOptions {
  readonly write: (text: string) => void;
  readonly now: () => number;
  readonly hasColor: boolean;
}

/** One line on a terminal that shows how far a large file is: bar, rate, remaining time. */
export class ProgressBar {
  readonly #options: ProgressBarOptions;
  #fileName: string | undefined;
  #startedMs = 0;
  #drawnMs = -Infinity;

  constructor(options: ProgressBarOptions) {
    this.#options = options;
  }

  update({ fileName, doneBytes, totalBytes }: PackingProgress): void {
    if (totalBytes <= MIN_FILE_BYTES) return;
    const now = this.#options.now();
    if (fileName !== this.#fileName) {
      this.#fileName = fileName;
      this.#startedMs = now;
    }
    const isDone = doneBytes >= totalBytes;
    if (!isDone && now - this.#drawnMs < MIN_REDRAW_MS) return;
    this.#drawnMs = now;
    const elapsedSec = Math.max((now - this.#startedMs) / 1000, 0.001);
    const line = this.#toLine(fileName, doneBytes / totalBytes, doneBytes / elapsedSec, totalBytes);
    this.#options.write(`\r${line}\x1b[K`);
    if (isDone) this.clear();
  }

  /** Leaves the terminal as if no bar had been there. */
  clear(): void {
    if (this.#fileName === undefined) return;
    this.#options.write("\r\x1b[K");
    this.#fileName = undefined;
    this.#drawnMs = -Infinity;
  }

  #toLine(fileName: string, part: number, bytesPerSec: number, totalBytes: number): string {
    const filled = "#".repeat(Math.floor(part * BAR_CHARS));
    const bar = filled.padEnd(BAR_CHARS, "-");
    const painted = this.#options.hasColor ? `\x1b[32m${bar}\x1b[0m` : bar;
    const percent = `${Math.floor(part * 100)}%`.padStart(4);
    const rate = `${Math.round(bytesPerSec / MEGABYTE)} MB/s`;
    const remaining = toClock(totalBytes * (1 - part) / bytesPerSec);
    return `${toShortName(fileName)} [${painted}] ${percent} ${rate} ${remaining} left`;
  }
}

function toClock(sec: number): string {
  const whole = Math.ceil(sec);
  const parts = [Math.floor(whole / 60) % 60, whole % 60];
  if (whole >= 3600) parts.unshift(Math.floor(whole / 3600));
  return parts.map((part, i) => i === 0 ? `${part}` : `${part}`.padStart(2, "0")).join(":");
}

/** Names come from disk: what a terminal would obey is shown as "?". */
function toShortName(name: string): string {
  // deno-lint-ignore no-control-regex -- they are what must go
  const shown = name.replace(/[\x00-\x1f\x7f-\x9f]/g, "?");
  return shown.length > 28 ? `…${shown.slice(-27)}` : shown;
}
