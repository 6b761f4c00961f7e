/**
 * Characters that are gathered before they are encoded. Longer texts are slower: they are trees of short
 * strings, and thousands of these outlive the young generation of the heap.
 */
const ENCODE_LENGTH = 8 * 1024;
const LINE_FEED = 10;

/** Lines that wait to be written, as bytes as soon as there are some of them. */
export class PendingLines {
  readonly #encoder = new TextEncoder();
  #text = "";
  #chunks: Uint8Array<ArrayBuffer>[] = [];
  #chunkBytes = 0;

  /** Bytes, as far as they are known: a few thousand characters may come on top. */
  get byteLength(): number {
    return this.#chunkBytes;
  }

  get isEmpty(): boolean {
    return this.#text === "" && this.#chunks.length === 0;
  }

  add(text: string): void {
    this.#text += text;
    if (this.#text.length >= ENCODE_LENGTH) this.#encode();
  }

  /** All of it as one array, in order; nothing waits afterwards. */
  take(): Uint8Array<ArrayBuffer> {
    if (this.#text !== "") this.#encode();
    const chunks = this.#chunks;
    const bytes = chunks.length === 1 ? chunks[0]! : new Uint8Array(this.#chunkBytes);
    this.#chunks = [];
    this.#chunkBytes = 0;
    if (chunks.length === 1) return bytes;
    let offset = 0;
    for (const chunk of chunks) {
      bytes.set(chunk, offset);
      offset += chunk.length;
    }
    return bytes;
  }

  #encode(): void {
    const chunk = this.#encoder.encode(this.#text);
    this.#text = "";
    this.#chunks.push(chunk);
    this.#chunkBytes += chunk.length;
  }
}

/** Lines of a text that was not written. */
export function countLines(bytes: Uint8Array): number {
  let count = 0;
  for (const byte of bytes) if (byte === LINE_FEED) count++;
  return count;
}
