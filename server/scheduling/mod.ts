/** Who runs when: requests wait in a queue, leave it as batches, and are run by workers. */

export { type Clock, createSystemClock } from "./clock.ts";
export type { CarrierEvents, CarrierOptions, StartCarrier, WorkerCarrier } from "./carrier.ts";
export type { Answer, PredictCall } from "./predict_call.ts";
export type {
  HandlerSource,
  WireAnswer,
  WireFailure,
  WireKind,
  WireMetric,
  WirePart,
  WireStages,
} from "./protocol.ts";
export { WebGpuLease } from "./webgpu_lease.ts";
export type { WorkerDescription, WorkerFailure, WorkerState } from "./worker_description.ts";
export {
  type BatchReport,
  type PoolEvents,
  type PoolOptions,
  type PoolSettings,
  type ReportedRequest,
  WorkerPool,
} from "./worker_pool.ts";
export type { BatchCloseReason } from "./in_flight.ts";
export { startWorkerThread } from "./worker_thread.ts";
