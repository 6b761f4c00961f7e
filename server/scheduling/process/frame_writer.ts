import { estimateFrameBytes, type Frame, sumBytes, writeFrameHead } from "./frame.ts";

/** Small frames gather in buffers of this size, so that many of them cost one call of the system. */
const GATHER_BYTES = 64 * 1024;

/** Segments from this size are written from where they are: a copy would cost more than a call. */
const LARGE_SEGMENT_BYTES = 16 * 1024;

/** Where bytes go: a connection, or a test's list. */
export interface ByteSink {
  /** Answers how many of the bytes it has taken. */
  write(bytes: Uint8Array): Promise<number>;
}

/**
 * Writes frames in their order, one write at a time; what is sent meanwhile is written together next.
 *
 * Nothing is told when the other end has gone: whoever reads from it learns of that.
 */
export class FrameWriter {
  #sink: ByteSink | undefined;
  #chunks: Uint8Array[] = [];
  /** The buffer that is being filled, and how far. */
  #gathering: Uint8Array | undefined;
  #filled = 0;
  #isWriting = false;
  #isBroken = false;

  /** Frames that were sent before wait for this. */
  connect(sink: ByteSink): void {
    this.#sink = sink;
    this.#flush();
  }

  /** The segments must stay as they are until they are written. */
  send(frame: Frame): void {
    if (this.#isBroken) return;
    const { segments } = frame;
    const isLarge = segments.some(({ byteLength }) => byteLength >= LARGE_SEGMENT_BYTES);
    const bytes = estimateFrameBytes(frame);
    const target = this.#roomFor(isLarge ? bytes - sumBytes(segments) : bytes);
    this.#filled = writeFrameHead(frame, target, this.#filled);
    if (isLarge) {
      this.#seal();
      for (const segment of segments) if (segment.byteLength > 0) this.#chunks.push(segment);
    } else {
      for (const segment of segments) {
        target.set(segment, this.#filled);
        this.#filled += segment.byteLength;
      }
    }
    this.#flush();
  }

  #roomFor(bytes: number): Uint8Array {
    if (this.#gathering !== undefined && this.#gathering.length - this.#filled >= bytes) {
      return this.#gathering;
    }
    this.#seal();
    this.#gathering = new Uint8Array(Math.max(GATHER_BYTES, bytes));
    this.#filled = 0;
    return this.#gathering;
  }

  /** What was gathered becomes a chunk; the rest of its buffer is used on. */
  #seal(): void {
    if (this.#gathering === undefined || this.#filled === 0) return;
    this.#chunks.push(this.#gathering.subarray(0, this.#filled));
    this.#gathering = this.#gathering.subarray(this.#filled);
    this.#filled = 0;
  }

  async #flush(): Promise<void> {
    if (this.#sink === undefined || this.#isWriting) return;
    this.#isWriting = true;
    try {
      for (;;) {
        this.#seal();
        const chunks = this.#chunks;
        if (chunks.length === 0) break;
        this.#chunks = [];
        for (const chunk of chunks) {
          for (let written = 0; written < chunk.length;) {
            written += await this.#sink.write(chunk.subarray(written));
          }
        }
      }
    } catch {
      this.#isBroken = true;
      this.#chunks = [];
    }
    this.#isWriting = false;
  }
}
