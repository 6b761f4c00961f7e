/**
 * Turns a stream of chunks of any size into reads of the size that is needed.
 *
 * Ends the stream when it is closed. Nothing is copied unless a read spans two chunks.
 */
export class ChunkReader {
  readonly #iterator: AsyncIterator<Uint8Array<ArrayBuffer>>;
  readonly #createEndError: () => Error;
  #chunk: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  #position = 0;

  /** @param createEndError Makes what is thrown when the stream ends within a read. */
  constructor(chunks: AsyncIterable<Uint8Array<ArrayBuffer>>, createEndError: () => Error) {
    this.#iterator = chunks[Symbol.asyncIterator]();
    this.#createEndError = createEndError;
  }

  /** Bytes handed out or skipped so far. */
  get position(): number {
    return this.#position;
  }

  /** Exactly `length` bytes, meant for small numbers. */
  async read(length: number): Promise<Uint8Array<ArrayBuffer>> {
    if (this.#chunk.length >= length) return this.#take(length);
    const bytes = new Uint8Array(length);
    for (let filled = 0; filled < length;) {
      const part = await this.#readUpTo(length - filled);
      bytes.set(part, filled);
      filled += part.length;
    }
    return bytes;
  }

  /** What comes next, of any size, or nothing at the end. */
  async readSome(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    while (this.#chunk.length === 0) {
      const next = await this.#iterator.next();
      if (next.done) return undefined;
      this.#chunk = next.value;
    }
    return this.#take(this.#chunk.length);
  }

  /** The next `length` bytes in chunks of any size. */
  async *chunks(length: number): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    for (let left = length; left > 0;) {
      const chunk = await this.#readUpTo(left);
      left -= chunk.length;
      yield chunk;
    }
  }

  async skip(length: number): Promise<void> {
    for (let left = length; left > 0;) left -= (await this.#readUpTo(left)).length;
  }

  async close(): Promise<void> {
    await this.#iterator.return?.();
  }

  async #readUpTo(length: number): Promise<Uint8Array<ArrayBuffer>> {
    while (this.#chunk.length === 0) {
      const next = await this.#iterator.next();
      if (next.done) throw this.#createEndError();
      this.#chunk = next.value;
    }
    return this.#take(Math.min(length, this.#chunk.length));
  }

  #take(length: number): Uint8Array<ArrayBuffer> {
    const bytes = this.#chunk.subarray(0, length);
    this.#chunk = this.#chunk.subarray(length);
    this.#position += length;
    return bytes;
  }
}
