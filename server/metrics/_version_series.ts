import type { ServerMetricName } from "./built_in_definitions.ts";
import type { HandlerMetrics } from "./handler_metrics.ts";
import { type MetricSeries, NO_SERIES, type SeriesOwner } from "./metric_series.ts";
import type { OwnMetricName } from "./own_metrics.ts";

/** Upstream's word for the version of a request that names none. */
const DEFAULT_VERSION = "default";

/** Opens the series that a model version's events are recorded in. */
export interface SeriesOpener {
  /** Changes when series have to be opened anew. */
  readonly generation: number;
  /** @param labels Those before the host's name, which comes last. */
  openServerSeries(
    name: ServerMetricName,
    labels: readonly string[],
    owner?: SeriesOwner,
  ): MetricSeries;
  /** A series that counts nothing where the server's own metrics are not shown. */
  openOwnSeries(name: OwnMetricName, labels: readonly string[], owner: SeriesOwner): MetricSeries;
  readonly handlerMetrics: HandlerMetrics;
}

/** Series of requests that name the version, or of those that do not. */
export interface RequestSeries {
  readonly requests: MetricSeries;
  readonly latency: MetricSeries;
  readonly queueLatency: MetricSeries;
}

/** Everything that one model version's events are recorded in. */
export type VersionSeries = ReturnType<typeof openVersionSeries>;

export function openVersionSeries(opener: SeriesOpener, modelName: string, modelVersion: string) {
  const owner = { modelName, modelVersion };
  const openOwn = (name: OwnMetricName) =>
    opener.openOwnSeries(name, [modelName, modelVersion], owner);
  const openHost = (name: ServerMetricName) => opener.openServerSeries(name, ["Host"]);
  const openModel = (name: "HandlerTime" | "PredictionTime") =>
    opener.handlerMetrics.openSeries(modelName, name) ?? NO_SERIES;
  const openRequests = (version: string, requestOwner: SeriesOwner): RequestSeries => {
    const open = (name: ServerMetricName) =>
      opener.openServerSeries(name, [modelName, version], requestOwner);
    return {
      requests: open("ts_inference_requests_total"),
      latency: open("ts_inference_latency_microseconds"),
      queueLatency: open("ts_queue_latency_microseconds"),
    };
  };
  return {
    versioned: openRequests(modelVersion, owner),
    unversioned: openRequests(DEFAULT_VERSION, { modelName }),
    queueTime: openHost("QueueTime"),
    workerThreadTime: openHost("WorkerThreadTime"),
    handlerTime: openModel("HandlerTime"),
    predictionTime: openModel("PredictionTime"),
    requestSeconds: openOwn("requestSeconds"),
    queueSeconds: openOwn("queueSeconds"),
    preprocess: openOwn("preprocessSeconds"),
    inference: openOwn("inferenceSeconds"),
    postprocess: openOwn("postprocessSeconds"),
    load: openOwn("loadSeconds"),
    batchRequests: openOwn("batchRequests"),
    batchRows: openOwn("batchRows"),
    // By the one more label that each has; a key of both would be made, and hashed, for every batch.
    counters: {
      batchesTotal: new Map<string, MetricSeries>(),
      batchFailuresTotal: new Map<string, MetricSeries>(),
      workerFailuresTotal: new Map<string, MetricSeries>(),
      scalingsTotal: new Map<string, MetricSeries>(),
    },
  };
}
