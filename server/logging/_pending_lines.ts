/**
 * Texts that are gathered before they are joined and encoded, 154 ns a line of the access log instead of 250.
 * Adding each to one long text is slower: that is a tree, which is walked once more to be encoded.
 */
const ENCODE_COUNT = 64;
/** The same for long texts, such as stacks: so that few characters wait uncounted. */
const ENCODE_LENGTH = 32 * 1024;
const LINE_FEED = 10;

/** Lines that wait to be written, as bytes as soon as there are some of them. */
export class PendingLines {
  readonly #encoder = new TextEncoder();
  readonly #texts: string[] = [];
  #textLength = 0;
  #chunks: Uint8Array<ArrayBuffer>[] = [];
  #chunkBytes = 0;

  /** Bytes, as far as they are known: `ENCODE_LENGTH` characters may come on top. */
  get byteLength(): number {
    return this.#chunkBytes;
  }

  get isEmpty(): boolean {
    return this.#texts.length === 0 && this.#chunks.length === 0;
  }

  add(text: string): void {
    this.#textLength += text.length;
    const count = this.#texts.push(text);
    if (count >= ENCODE_COUNT || this.#textLength >= ENCODE_LENGTH) this.#encode();
  }

  /** All of it as one array, in order; nothing waits afterwards. */
  take(): Uint8Array<ArrayBuffer> {
    if (this.#texts.length > 0) this.#encode();
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
    const chunk = this.#encoder.encode(this.#texts.join(""));
    this.#texts.length = 0;
    this.#textLength = 0;
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
