/** Requests that are answered without a worker: their client has gone, or their time is over. */
import type { BatchQueue } from "./batch_queue.ts";
import type { PendingRequest } from "./pending_request.ts";
import { createCancelledError, createFailedError, createTimeoutError } from "./pool_errors.ts";
import type { WorkerFailure } from "./worker_description.ts";
import type { WorkerGroup } from "./worker_group.ts";

/** A request that has waited less than this is not asked for its signal: making one costs more than it saves. */
const SWEEP_AGE_MS = 250;

/** Takes out of the queue whose client has closed the connection. */
export function dropGone(queue: BatchQueue<PendingRequest>, nowMs: number): void {
  const latestMs = nowMs - SWEEP_AGE_MS;
  const gone = queue.remove((request) =>
    request.enqueuedAtMs <= latestMs && request.call.signal.aborted
  );
  for (const request of gone) request.fail(createCancelledError());
}

/**
 * Answers those that came at `latestMs` or before with what is wrong with the workers.
 *
 * @param retryAfterMs Until the next worker is started again.
 */
export function dropStranded(
  queue: BatchQueue<PendingRequest>,
  failure: WorkerFailure,
  latestMs: number,
  retryAfterMs: number,
): void {
  for (const request of queue.remove((one) => one.enqueuedAtMs <= latestMs)) {
    request.fail(createFailedError(request.call, failure, retryAfterMs));
  }
}

/**
 * Answers those that came at `latestMs` or before and have no answer yet; a worker that is at one of them
 * goes on, and its answer is dropped.
 *
 * @returns When the oldest of the others without an answer came; absent when there is none.
 */
export function expireRequests(
  queue: BatchQueue<PendingRequest>,
  workers: WorkerGroup,
  latestMs: number,
  clientTimeoutMs: number,
): number | undefined {
  const isLate = (request: PendingRequest) => request.enqueuedAtMs <= latestMs;
  const refuse = (request: PendingRequest) =>
    request.fail(createTimeoutError(request.call, clientTimeoutMs));
  const { oldest } = queue;
  if (oldest !== undefined && isLate(oldest)) queue.remove(isLate).forEach(refuse);
  let oldestMs = queue.oldest?.enqueuedAtMs;
  for (const { inFlight } of workers) {
    inFlight.forEach((request) => {
      if (request.isAnswered) return;
      if (isLate(request)) refuse(request);
      else oldestMs = Math.min(oldestMs ?? Infinity, request.enqueuedAtMs);
    });
  }
  return oldestMs;
}
