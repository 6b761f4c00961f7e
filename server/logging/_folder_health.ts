import type { LogFileTrouble } from "./log_files.ts";

/** Files of one folder mostly fail together, when it is missing or its disk is full: that is told once. */
export class FolderHealth {
  readonly #onTrouble: (message: string, fields: LogFileTrouble) => void;
  readonly #failing = new Set<string>();
  #lostLines = 0;

  constructor(onTrouble: (message: string, fields: LogFileTrouble) => void) {
    this.#onTrouble = onTrouble;
  }

  /** A file could not be written, or opened. */
  fail(file: string, error: unknown): void {
    const isFirst = this.#failing.size === 0;
    this.#failing.add(file);
    if (!isFirst) return;
    this.#onTrouble("Cannot write a log file, lines are lost until its folder can be written", {
      file,
      reason: toReason(error),
    });
  }

  /** A file was written, after so many lines had been lost. */
  succeed(file: string, lostLines: number): void {
    this.#lostLines += lostLines;
    this.#failing.delete(file);
    if (this.#failing.size > 0) return;
    const allLostLines = this.#lostLines;
    this.#lostLines = 0;
    this.#onTrouble("Log files can be written again", { file, lostLines: allLostLines });
  }

  /** A rotated file stays as it is; nothing is lost. */
  failToCompress(file: string, error: unknown): void {
    this.#onTrouble("Cannot compress a rotated log file", { file, reason: toReason(error) });
  }
}

function toReason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
