/** Who runs when: requests wait in a queue, leave it as batches, and are run by workers. */

export type { Recovery } from "./back_off.ts";
export { type Clock, createSystemClock } from "./clock.ts";
export type {
  CarrierEvents,
  CarrierOptions,
  Isolation,
  RecycleRules,
  StartCarrier,
  WorkerCarrier,
  WorkerProcess,
} from "./carrier.ts";
export { runChildWorker } from "./process/run_child_worker.ts";
export type { ChannelKind } from "./process/channel.ts";
export { locateControlGroups, type ReadText, readTextFile } from "./process/control_groups.ts";
export { MemoryGroups, probeMemoryGroups } from "./process/memory_groups.ts";
export { createProcessStarter } from "./process/worker_process.ts";
export { createCarrierStarter } from "./start_carrier.ts";
export type { Answer, PredictCall } from "./predict_call.ts";
export type {
  FromWorkerMessage,
  GpuSetup,
  HandlerSource,
  LoadMessage,
  WarmupBody,
  WarmupRequest,
  WireAnswer,
  WireFailure,
  WireKind,
  WireMetric,
  WirePart,
  WireStages,
} from "./protocol.ts";
export { WebGpuLease } from "./webgpu_lease.ts";
export type {
  BatchReport,
  LostBatchReport,
  PoolEvents,
  ReportedRequest,
  ScalingChange,
  WorkerFailureKind,
} from "./pool_events.ts";
export type { WorkerDescription, WorkerFailure } from "./worker_description.ts";
export { type PoolOptions, type PoolSettings, WorkerPool } from "./worker_pool.ts";
export type { WorkerState } from "./worker_state.ts";
export type { BatchCloseReason } from "./in_flight.ts";
export { resolvePackagesDir, resolveRuntimePlace } from "./packages_dir.ts";
export { assertThreadPermissions, createThreadStarter, hasBusyThreads } from "./worker_thread.ts";
export { GPU_REFUSAL } from "./protocol.ts";
export { PROBE_MODEL } from "./worker/probe_model.ts";
export { splitForm } from "./worker/split_form.ts";
