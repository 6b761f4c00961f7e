/** The server's own metrics, beyond TorchServe's: what they are called, and their label names. */
import type { FamilyDefinition } from "./_family.ts";
import type { ReadDefinition } from "./prometheus_registry.ts";

const MODEL = ["model_name", "model_version"] as const;

/** Half a millisecond to a minute: small models answer in the first, large ones near the last. */
const SECONDS = [
  0.0005,
  0.001,
  0.0025,
  0.005,
  0.01,
  0.025,
  0.05,
  0.1,
  0.25,
  0.5,
  1,
  2.5,
  5,
  10,
  30,
  60,
] as const;
const COUNTS = [1, 2, 4, 8, 16, 32, 64, 128, 256] as const;
const LOAD_SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300] as const;

/** One histogram of seconds for each model version. */
function createTiming(name: string, help: string, buckets: readonly number[] = SECONDS) {
  return { name, help, kind: "histogram", labelNames: MODEL, buckets } as const;
}

/** What the server counts as requests go by, each with a series for each model version. */
export const OWN_METRICS = {
  requestSeconds: createTiming(
    "marina_request_seconds",
    "Time from a request's place in the queue to the end of its answer",
  ),
  queueSeconds: createTiming(
    "marina_queue_seconds",
    "Time that a request waited until its batch was begun",
  ),
  preprocessSeconds: createTiming("marina_preprocess_seconds", "Time of a batch in preprocess()"),
  inferenceSeconds: createTiming(
    "marina_inference_seconds",
    "Time of a batch in inference(), or in the model's runs where the handler has no such stage",
  ),
  postprocessSeconds: createTiming(
    "marina_postprocess_seconds",
    "Time of a batch in postprocess()",
  ),
  loadSeconds: createTiming(
    "marina_model_load_seconds",
    "Time from the start of a worker until it could take requests",
    LOAD_SECONDS,
  ),
  batchRequests: {
    name: "marina_batch_requests",
    help: "Requests in a batch",
    kind: "histogram",
    labelNames: MODEL,
    buckets: COUNTS,
  },
  batchRows: {
    name: "marina_batch_rows",
    help: "Rows in a batch, which is what its size is limited by",
    kind: "histogram",
    labelNames: MODEL,
    buckets: COUNTS,
  },
  batchesTotal: {
    name: "marina_batches_total",
    help:
      "Batches by why no further request joined: full, or worker_free where a worker took what waited",
    kind: "counter",
    labelNames: [...MODEL, "reason"],
  },
  batchFailuresTotal: {
    name: "marina_batch_failures_total",
    help: "Batches that failed as a whole, by the error's code",
    kind: "counter",
    labelNames: [...MODEL, "code"],
  },
  workerFailuresTotal: {
    name: "marina_worker_failures_total",
    help: "Failures of workers by how they failed",
    kind: "counter",
    labelNames: [...MODEL, "kind"],
  },
  scalingsTotal: {
    name: "marina_scalings_total",
    help: "Changes of the number of workers that the load asked for",
    kind: "counter",
    labelNames: [...MODEL, "direction"],
  },
} as const satisfies Readonly<Record<string, FamilyDefinition>>;

export type OwnMetricName = keyof typeof OWN_METRICS;

/** What is looked up when somebody asks. */
export const READ_METRICS = {
  queueRequests: {
    name: "marina_queue_requests",
    help: "Requests that wait in the queue",
    kind: "gauge",
    labelNames: MODEL,
  },
  queueFree: {
    name: "marina_queue_free",
    help: "Requests that the queue would still take",
    kind: "gauge",
    labelNames: MODEL,
  },
  workers: {
    name: "marina_workers",
    help: "Workers by state",
    kind: "gauge",
    labelNames: [...MODEL, "state"],
  },
  shadowRequests: {
    name: "marina_shadow_requests_total",
    help:
      "Copies of requests for a shadow version: sent, dropped while it was busy, failed of those sent",
    kind: "counter",
    labelNames: [...MODEL, "outcome"],
  },
  snapshotFailures: {
    name: "marina_snapshot_failures_total",
    help: "Snapshots of the server's state that could not be written",
    kind: "counter",
    labelNames: [],
  },
  snapshotStale: {
    name: "marina_snapshot_stale",
    help: "1 while the newest state is not on disk: a restart would give an older one back",
    kind: "gauge",
    labelNames: [],
  },
  residentBytes: {
    name: "marina_process_resident_memory_bytes",
    help: "Memory of the server's process, models included",
    kind: "gauge",
    labelNames: [],
  },
  heapBytes: {
    name: "marina_process_heap_bytes",
    help: "Memory that the server's main thread uses for its objects",
    kind: "gauge",
    labelNames: [],
  },
  startSeconds: {
    name: "marina_process_start_time_seconds",
    help: "When the server was started, seconds since the epoch",
    kind: "gauge",
    labelNames: [],
  },
} as const satisfies Readonly<Record<string, ReadDefinition>>;
