import type { MetricDefinition, MetricDefinitions, MetricKind } from "./metric_definition.ts";

const HOST = ["Level", "Hostname"] as const;
const REQUEST = ["model_name", "model_version", "hostname"] as const;
const DEVICE = ["Level", "DeviceId", "Hostname"] as const;

/** A metric that the server records itself. */
export type ServerMetricName = (typeof ROWS)[number][0];

const ROWS = [
  ["Requests2XX", "counter", "Count", HOST],
  ["Requests4XX", "counter", "Count", HOST],
  ["Requests5XX", "counter", "Count", HOST],
  ["ts_inference_requests_total", "counter", "Count", REQUEST],
  ["ts_inference_latency_microseconds", "counter", "Microseconds", REQUEST],
  ["ts_queue_latency_microseconds", "counter", "Microseconds", REQUEST],
  ["QueueTime", "gauge", "Milliseconds", HOST],
  ["WorkerThreadTime", "gauge", "Milliseconds", HOST],
  ["WorkerLoadTime", "gauge", "Milliseconds", ["WorkerName", ...HOST]],
  ["CPUUtilization", "gauge", "Percent", HOST],
  ["MemoryUsed", "gauge", "Megabytes", HOST],
  ["MemoryAvailable", "gauge", "Megabytes", HOST],
  ["MemoryUtilization", "gauge", "Percent", HOST],
  ["DiskUsage", "gauge", "Gigabytes", HOST],
  ["DiskUtilization", "gauge", "Percent", HOST],
  ["DiskAvailable", "gauge", "Gigabytes", HOST],
  ["GPUMemoryUtilization", "gauge", "Percent", DEVICE],
  ["GPUMemoryUsed", "gauge", "Megabytes", DEVICE],
  ["GPUUtilization", "gauge", "Percent", DEVICE],
] as const satisfies readonly (readonly [string, MetricKind, string, readonly string[]])[];

/** The three that are on `/metrics` in the mode `legacy`, where all others are log lines. */
export const LEGACY_METRICS: ReadonlySet<string> = new Set<ServerMetricName>([
  "ts_inference_requests_total",
  "ts_inference_latency_microseconds",
  "ts_queue_latency_microseconds",
]);

const MODEL_DIMENSIONS = ["ModelName", "Level"];

/**
 * What a server keeps unless a `metrics.yaml` says otherwise.
 *
 * Names, kinds, units, dimensions and their order are those of TorchServe's own
 * [metrics.yaml](https://github.com/pytorch/serve/blob/master/ts/configs/metrics.yaml): dashboards depend on them.
 */
export const BUILT_IN_DEFINITIONS: MetricDefinitions = {
  server: ROWS.map(([name, kind, unit, dimensions]): MetricDefinition => (
    { name, kind, unit, dimensions }
  )),
  model: [
    { name: "HandlerTime", kind: "gauge", unit: "ms", dimensions: MODEL_DIMENSIONS },
    { name: "PredictionTime", kind: "gauge", unit: "ms", dimensions: MODEL_DIMENSIONS },
  ],
};
