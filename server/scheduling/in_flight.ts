import { ServeError, type ServeErrorCode } from "../errors.ts";
import type { PendingRequest } from "./pending_request.ts";
import type { ChunkMessage, ResultMessage, WireAnswer, WireBatch } from "./protocol.ts";

/** Weight of the newest batch in the running mean of a batch's duration. */
const MEAN_WEIGHT = 0.1;

/** Why no further request joined a batch: it had all its rows, or a free worker took what waited. */
export type BatchCloseReason = "full" | "worker_free";

/** A batch that a worker holds. */
export interface SentBatch {
  readonly id: number;
  readonly requests: readonly PendingRequest[];
  readonly closedBy: BatchCloseReason;
  /** When it was handed over, on the pool's clock. */
  readonly sentAtMs: number;
}

/**
 * The batches that one worker holds, oldest first. The first is being run, the others wait in the
 * worker's inbox; a worker answers them in order, so whoever dies has died on the first.
 */
export class InFlight {
  #batches: SentBatch[] = [];
  #nextId = 0;
  #meanBusyMs: number | undefined;

  get size(): number {
    return this.#batches.length;
  }

  /** The batch that is being run. */
  get current(): SentBatch | undefined {
    return this.#batches[0];
  }

  /** Running mean of the time a batch takes in the worker; absent before the first result. */
  get meanBusyMs(): number | undefined {
    return this.#meanBusyMs;
  }

  add(requests: readonly PendingRequest[], closedBy: BatchCloseReason, nowMs: number): WireBatch {
    const id = this.#nextId++;
    this.#batches.push({ id, requests, closedBy, sentAtMs: nowMs });
    return { id, kind: requests[0].kind, items: requests.map((request) => request.toWireItem()) };
  }

  /** Gives each request of the oldest batch its own answer, and answers the batch. */
  settle(message: ResultMessage): SentBatch | undefined {
    const batch = this.#batches[0];
    if (batch === undefined) return undefined;
    const count = message.answers?.length ?? batch.requests.length;
    if (batch.id !== message.batchId || batch.requests.length !== count) {
      // It stays where it is: whoever ends the worker answers it.
      throw new Error(
        `Cannot settle batch ${message.batchId} with ${count} answers: expected batch ${batch.id} with ${batch.requests.length}`,
      );
    }
    this.#batches.shift();
    this.#meanBusyMs = this.#meanBusyMs === undefined
      ? message.busyMs
      : this.#meanBusyMs + MEAN_WEIGHT * (message.busyMs - this.#meanBusyMs);
    const { answers, error } = message;
    if (answers !== undefined) {
      batch.requests.forEach((request, index) => settleOne(request, answers[index]!));
    } else if (error !== undefined) {
      const { code, message: text, handlerStatus } = error;
      for (const request of batch.requests) {
        request.fail(new ServeError(code, text, { handlerStatus }));
      }
    }
    return batch;
  }

  /** @returns False when nobody reads it: it belongs to no request, or its client has gone. */
  sendChunk({ batchId, index, chunk }: ChunkMessage): boolean {
    const batch = this.#batches[0];
    if (batch?.id !== batchId) return false;
    return batch.requests[index]?.sendChunk(chunk) ?? false;
  }

  /** Calls back with every request that has no whole answer yet. */
  forEach(callback: (request: PendingRequest) => void): void {
    for (const batch of this.#batches) batch.requests.forEach(callback);
  }

  /** Fails all that it holds. */
  failAll(error: ServeError): void {
    const batches = this.#batches;
    this.#batches = [];
    for (const batch of batches) for (const request of batch.requests) request.fail(error);
  }

  /** Fails the batch that was being run, and gives back the requests of those that were not begun. */
  abandon(code: ServeErrorCode, text: string): PendingRequest[] {
    const [current, ...rest] = this.#batches;
    this.#batches = [];
    for (const request of current?.requests ?? []) request.fail(new ServeError(code, text));
    return rest.flatMap((batch) => batch.requests);
  }
}

function settleOne(request: PendingRequest, answer: WireAnswer): void {
  if (answer.error === undefined) return request.finish(answer);
  request.fail(new ServeError(answer.error.code, answer.error.message));
}
