/** What a server counts: TorchServe's metrics and its own, on `/metrics` or in the metrics' logs. */
export { type GpuDevice, type GpuListing, listGpus } from "./gpu_devices.ts";
export { type HttpCounts } from "./http_counts.ts";
export type { MetricDefinition, MetricDefinitions, MetricKind } from "./metric_definition.ts";
export type { WriteMetricLine } from "./metric_log.ts";
export type { ModelReading } from "./model_readings.ts";
export { readDefinitions } from "./read_definitions.ts";
export { ServerMetrics, type ServerMetricsOptions } from "./server_metrics.ts";
