import { createDeflateRaw } from "node:zlib";

/**
 * Compresses a stream piece by piece, with memory for one piece.
 *
 * The result depends on the content alone, not on how it was cut: zlib's window sees through.
 */
export class Deflater {
  readonly #stream;
  #output: Uint8Array<ArrayBuffer>[] = [];

  /** @param level 1 is fast, 9 is small; zip's and Python's own is 6. */
  constructor(level: number) {
    this.#stream = createDeflateRaw({ level, chunkSize: 256 * 1024 });
    this.#stream.on("data", (chunk: Uint8Array<ArrayBuffer>) => this.#output.push(chunk));
    // Reported by the call that waits; without a listener it would end the process.
    this.#stream.on("error", () => {});
  }

  /** Takes a piece, which is read before this resolves; answers what is compressed by now. */
  async push(piece: Uint8Array): Promise<Uint8Array<ArrayBuffer>[]> {
    await new Promise<void>((resolve, reject) => {
      this.#stream.write(piece, (error) => error ? reject(error) : resolve());
    });
    return this.#takeOutput();
  }

  /** Answers the rest. */
  async finish(): Promise<Uint8Array<ArrayBuffer>[]> {
    await new Promise<void>((resolve, reject) => {
      this.#stream.once("end", resolve);
      this.#stream.once("error", reject);
      this.#stream.end();
    });
    return this.#takeOutput();
  }

  close(): void {
    this.#stream.destroy();
  }

  #takeOutput(): Uint8Array<ArrayBuffer>[] {
    const output = this.#output;
    this.#output = [];
    return output;
  }
}
