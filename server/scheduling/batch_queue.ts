import type { WireKind } from "./protocol.ts";

/** What the queue needs to know of a request. */
export interface QueuedRequest {
  readonly kind: WireKind;
  /** Rows that it adds to a batch, 1 or more. */
  readonly rows: number;
  /** Bytes that it holds while it waits. */
  readonly bytes: number;
}

export interface BatchQueueOptions {
  /** Requests that may wait, 1 or more. */
  readonly capacity: number;
  /** Bytes that may wait; one request alone is always taken. */
  readonly maxBytes: number;
}

/**
 * A bounded first-in-first-out queue of one model version that gives out batches.
 *
 * It holds no timer and starts nothing: the pool asks when a worker can begin. Batches are counted in
 * rows: a batch never has more than `maxRows`, unless its one request alone has more. A batch holds one
 * kind of request, and a description is always alone in its batch.
 *
 * @example Two small requests share a batch, the big one waits for its own
 * ```ts
 * import { deepStrictEqual, strictEqual } from "node:assert";
 * import { BatchQueue } from "./batch_queue.ts";
 *
 * const queue = new BatchQueue({ capacity: 3, maxBytes: 1_000 });
 * for (const rows of [1, 2, 9]) queue.push({ kind: "predict", rows, bytes: 10 });
 *
 * strictEqual(queue.push({ kind: "predict", rows: 1, bytes: 10 }), false);
 * deepStrictEqual(queue.take(4).map((request) => request.rows), [1, 2]);
 * deepStrictEqual(queue.take(4).map((request) => request.rows), [9]);
 * ```
 */
export class BatchQueue<R extends QueuedRequest> {
  readonly #capacity: number;
  readonly #maxBytes: number;
  #requests: R[] = [];
  /** Index of the oldest request; what stands before it is gone. */
  #head = 0;
  #bytes = 0;
  #rows = 0;

  constructor(options: BatchQueueOptions) {
    this.#capacity = options.capacity;
    this.#maxBytes = options.maxBytes;
  }

  get size(): number {
    return this.#requests.length - this.#head;
  }

  /** The request that is next; absent when nothing waits. */
  get oldest(): R | undefined {
    return this.#requests[this.#head];
  }

  get bytes(): number {
    return this.#bytes;
  }

  get rows(): number {
    return this.#rows;
  }

  get remainingCapacity(): number {
    return Math.max(0, this.#capacity - this.size);
  }

  /** Takes a request in at the end; false when there is no place for it. */
  push(request: R): boolean {
    if (this.size >= this.#capacity) return false;
    if (this.size > 0 && this.#bytes + request.bytes > this.#maxBytes) return false;
    this.#requests.push(request);
    this.#bytes += request.bytes;
    this.#rows += request.rows;
    return true;
  }

  /** Puts requests back to the front in their order; they had a place before, so none is refused. */
  unshift(requests: readonly R[]): void {
    this.#requests = [...requests, ...this.#requests.slice(this.#head)];
    this.#head = 0;
    for (const request of requests) {
      this.#bytes += request.bytes;
      this.#rows += request.rows;
    }
  }

  /** Gives the oldest requests out as one batch of at most `maxRows` rows; `[]` when nothing waits. */
  take(maxRows: number): R[] {
    const batch: R[] = [];
    let rows = 0;
    while (this.#head < this.#requests.length) {
      const request = this.#requests[this.#head];
      if (batch.length > 0) {
        const first = batch[0];
        if (rows + request.rows > maxRows) break;
        if (request.kind !== first.kind || first.kind === "describe") break;
      }
      batch.push(request);
      rows += request.rows;
      this.#bytes -= request.bytes;
      this.#rows -= request.rows;
      this.#head++;
    }
    this.#compact();
    return batch;
  }

  /** Takes out and gives back every request for which `isGone` holds. */
  remove(isGone: (request: R) => boolean): R[] {
    const gone: R[] = [];
    const kept: R[] = [];
    for (let index = this.#head; index < this.#requests.length; index++) {
      const request = this.#requests[index];
      (isGone(request) ? gone : kept).push(request);
    }
    if (gone.length === 0) return gone;
    this.#requests = kept;
    this.#head = 0;
    for (const request of gone) {
      this.#bytes -= request.bytes;
      this.#rows -= request.rows;
    }
    return gone;
  }

  /** Takes everything out. */
  clear(): R[] {
    return this.remove(() => true);
  }

  #compact(): void {
    if (this.#head === this.#requests.length) {
      this.#requests.length = 0;
      this.#head = 0;
    } else if (this.#head > 1024) {
      this.#requests.splice(0, this.#head);
      this.#head = 0;
    }
  }
}
