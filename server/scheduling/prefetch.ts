import type { PredictCall } from "./predict_call.ts";

/**
 * Work that a worker may hold ahead, in milliseconds. Waking a thread takes about 0.2 ms, so five times
 * that keeps its inbox from running dry; a request that is handed over early waits at most this long
 * behind a worker while another one might have become free.
 */
const PREFETCH_WORK_MS = 1;

/** Batches that a worker holds at most, the running one included. */
const MAX_PREFETCH_DEPTH = 8;

/**
 * How many batches a worker may hold whose batches take `meanBusyMs` each.
 *
 * @example A fast model is fed ahead, a slow one never
 * ```ts
 * import { strictEqual } from "node:assert";
 * import { prefetchDepth } from "./prefetch.ts";
 *
 * strictEqual(prefetchDepth(0.05), 8);
 * strictEqual(prefetchDepth(0.4), 3);
 * strictEqual(prefetchDepth(12), 1);
 * strictEqual(prefetchDepth(undefined), 1);
 * ```
 *
 * @param meanBusyMs Mean duration of a batch, absent before the first result.
 * @returns 1–8.
 */
export function prefetchDepth(meanBusyMs: number | undefined): number {
  if (meanBusyMs === undefined || meanBusyMs >= PREFETCH_WORK_MS) return 1;
  return Math.min(MAX_PREFETCH_DEPTH, Math.ceil(PREFETCH_WORK_MS / Math.max(meanBusyMs, 1e-3)));
}

/**
 * Rows that a request adds to a batch, as far as they can be told without parsing its body: a raw tensor
 * of a model with rows of a fixed size is counted, everything else is 1.
 *
 * @param rowBytes Bytes of one row of the model's only input; absent when there is no such size.
 */
export function countRows(call: PredictCall, rowBytes: number | undefined): number {
  if (rowBytes === undefined || rowBytes === 0 || call.parts.length !== 1) return 1;
  const part = call.parts[0];
  if (part.isForm === true || !isRawTensor(part.contentType)) return 1;
  return Math.max(1, Math.ceil(part.bytes.byteLength / rowBytes));
}

function isRawTensor(contentType: string): boolean {
  return contentType.startsWith("application/octet-stream");
}
