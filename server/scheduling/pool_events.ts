import type { Recovery } from "./back_off.ts";
import type { BatchCloseReason } from "./in_flight.ts";
import type { PredictCall } from "./predict_call.ts";
import type { LogMessage, ResultMessage, WireFailure } from "./protocol.ts";
import type { WorkerDescription } from "./worker_description.ts";

/**
 * How a worker failed.
 *
 * | kind | what happened |
 * | --- | --- |
 * | `load` | the handler or the model could not be loaded, or its warm-up failed |
 * | `startup_timeout` | it was not ready within `startupTimeout` |
 * | `response_timeout` | it did not answer within `responseTimeout` |
 * | `died` | the handler ended it, or threw where nobody catches |
 * | `disconnected` | it is gone without a word of its own |
 */
export type WorkerFailureKind =
  | "load"
  | "startup_timeout"
  | "response_timeout"
  | "died"
  | "disconnected";

/** A change of the number of workers that the load has asked for. */
export interface ScalingChange {
  readonly from: number;
  readonly to: number;
  /** For people: "a request has waited 812 ms". */
  readonly reason: string;
}

/** What a pool tells, for logs and metrics. */
export interface PoolEvents {
  /** A request has come, and may yet be refused a place in the queue. */
  onRequest?(call: PredictCall): void;
  /** @param loadMs From the start of its thread, warm-up included. */
  onWorkerReady(worker: WorkerDescription, loadMs: number): void;
  onWorkerFailure(worker: WorkerDescription, failure: WireFailure, kind: WorkerFailureKind): void;
  /** A failed worker will be started again in `delayMs`. */
  onWorkerRetry?(worker: WorkerDescription, delayMs: number, recovery: Recovery): void;
  /** It has loaded again after failures. */
  onWorkerRecovered?(worker: WorkerDescription, recovery: Recovery): void;
  /** It is not started again: it has failed for `maxRetryTimeoutInSec`, or cannot be mended by a restart. */
  onWorkerGivenUp?(worker: WorkerDescription, recovery: Recovery): void;
  /** A worker is started or stopped because of the load. */
  onScaling?(change: ScalingChange): void;
  onWorkerLog(worker: WorkerDescription, message: LogMessage): void;
  onBatchDone(worker: WorkerDescription, report: BatchReport): void;
  /** A worker has failed in the middle of a batch; it comes after `onWorkerFailure`. */
  onBatchLost?(worker: WorkerDescription, report: LostBatchReport): void;
}

/** One batch that was lost with its worker. */
export interface LostBatchReport {
  readonly requests: readonly ReportedRequest[];
  readonly closedBy: BatchCloseReason;
  /** When it was handed to the worker, milliseconds since the epoch. */
  readonly sentAtMs: number;
  readonly lostAtMs: number;
  /** Why the worker failed. */
  readonly failure: WireFailure;
}

/** One batch that a worker has done, well or not. */
export interface BatchReport {
  readonly requests: readonly ReportedRequest[];
  readonly closedBy: BatchCloseReason;
  /** When it was handed to the worker, milliseconds since the epoch. */
  readonly sentAtMs: number;
  readonly doneAtMs: number;
  readonly result: ResultMessage;
}

/** One request of a batch. */
export interface ReportedRequest {
  readonly call: PredictCall;
  readonly rows: number;
  readonly enqueuedAtMs: number;
}
