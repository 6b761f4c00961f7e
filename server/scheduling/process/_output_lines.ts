import type { Clock } from "../clock.ts";
import { LEFT_OUT_TEXT, LineBudget } from "../line_budget.ts";
import { shorten } from "../shorten.ts";

/** Characters of one line; the rest is cut. */
const MAX_LINE_LENGTH = 8_192;

/** Lines that are kept for those who ask why the process has ended. */
const KEPT_LINES = 20;

/** How long a process waits that prints more than is logged: nobody reads meanwhile. */
const PAUSE_MS = 10;

/**
 * The lines that a worker's process writes past its console: a native library's, or the engine's last words.
 *
 * A line without an end is cut where it is too long, so that a process cannot fill the server's memory.
 */
export class OutputLines {
  readonly #clock: Clock;
  readonly #onLine: (line: string) => void;
  readonly #last: string[] = [];
  readonly #budget: LineBudget;

  constructor(clock: Clock, onLine: (line: string) => void) {
    this.#clock = clock;
    this.#onLine = onLine;
    this.#budget = new LineBudget({ now: () => clock.now() });
  }

  /** The last ones, oldest first. */
  get last(): readonly string[] {
    return this.#last;
  }

  /** Reads to the stream's end. */
  async collect(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    let rest = "";
    try {
      for await (const text of stream.pipeThrough(new TextDecoderStream())) {
        const lines = (rest + text).split("\n");
        rest = lines.pop()!;
        lines.forEach((line) => this.#take(line));
        if (rest.length > MAX_LINE_LENGTH) {
          this.#take(rest);
          rest = "";
        }
        if (this.#budget.isSpent) {
          await new Promise<void>((resolve) => this.#clock.schedule(PAUSE_MS, resolve));
        }
      }
    } catch {
      // The process has been killed while it wrote.
    }
    this.#take(rest);
  }

  #take(text: string): void {
    const line = shorten(text, MAX_LINE_LENGTH);
    if (line.trim() === "") return;
    this.#last.push(line);
    if (this.#last.length > KEPT_LINES) this.#last.shift();
    const fate = this.#budget.take();
    if (fate !== "left_out") this.#onLine(fate === "logged" ? line : LEFT_OUT_TEXT);
  }
}
