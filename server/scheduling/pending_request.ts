import { ServeError } from "../errors.ts";
import type { QueuedRequest } from "./batch_queue.ts";
import type { Answer, PredictCall } from "./predict_call.ts";
import type { WireAnswer, WireItem } from "./protocol.ts";

/** Bytes of a streamed answer that may wait for a slow client before its stream is broken off. */
const MAX_UNREAD_STREAM_BYTES = 64 * 1024 * 1024;

/** A request on its way: waiting, running, or streaming; it is answered exactly once. */
export class PendingRequest implements QueuedRequest {
  readonly call: PredictCall;
  readonly rows: number;
  readonly bytes: number;
  readonly enqueuedAtMs: number;
  readonly answered: Promise<Answer>;
  #resolve!: (answer: Answer) => void;
  #reject!: (error: ServeError) => void;
  #stream: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | undefined;
  #isStreamOver = false;
  #isAnswered = false;

  constructor(call: PredictCall, rows: number, enqueuedAtMs: number) {
    this.call = call;
    this.rows = rows;
    this.enqueuedAtMs = enqueuedAtMs;
    let bytes = 0;
    for (const part of call.parts) bytes += part.bytes.byteLength;
    this.bytes = bytes;
    this.answered = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  get kind(): PredictCall["kind"] {
    return this.call.kind;
  }

  /** True once its client has an answer, or the first chunk of one. */
  get isAnswered(): boolean {
    return this.#isAnswered;
  }

  toWireItem(): WireItem {
    const { requestId, parts, headers, urlPath } = this.call;
    return { requestId, parts, headers, urlPath };
  }

  /** Gives the whole answer, or the last chunk of a stream that has begun. */
  finish(answer: WireAnswer): void {
    this.#isAnswered = true;
    if (this.#stream === undefined) return this.#resolve(answer);
    this.#enqueue(answer.body);
    this.#closeStream();
  }

  /**
   * Gives a chunk ahead of the end; status and headers are those of the first one.
   *
   * @returns False when nobody reads it any more.
   */
  sendChunk(chunk: WireAnswer): boolean {
    if (this.#stream === undefined) {
      if (this.#isAnswered) return false;
      this.#isAnswered = true;
      const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
        start: (controller) => void (this.#stream = controller),
        cancel: () => void (this.#isStreamOver = true),
      }, new ByteLengthQueuingStrategy({ highWaterMark: 0 }));
      this.#resolve({ ...chunk, body });
    }
    this.#enqueue(chunk.body);
    return !this.#isStreamOver;
  }

  /** Refuses it; an answer that comes later is dropped. */
  fail(error: ServeError): void {
    this.#isAnswered = true;
    if (this.#stream === undefined) return this.#reject(error);
    if (!this.#isStreamOver) this.#stream.error(error);
    this.#isStreamOver = true;
  }

  #enqueue(bytes: Uint8Array<ArrayBuffer>): void {
    const stream = this.#stream;
    if (stream === undefined || this.#isStreamOver || bytes.byteLength === 0) return;
    stream.enqueue(bytes);
    if ((stream.desiredSize ?? 0) < -MAX_UNREAD_STREAM_BYTES) {
      this.fail(
        new ServeError("request_cancelled", "Cannot go on streaming: the client does not read"),
      );
    }
  }

  #closeStream(): void {
    if (!this.#isStreamOver) this.#stream?.close();
    this.#isStreamOver = true;
  }
}
