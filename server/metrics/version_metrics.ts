import type {
  BatchReport,
  PoolEvents,
  PredictCall,
  ReportedRequest,
  ScalingChange,
  WireStages,
  WorkerDescription,
  WorkerFailureKind,
} from "../scheduling/mod.ts";
import {
  openVersionSeries,
  type RequestSeries,
  type SeriesOpener,
  type VersionSeries,
} from "./_version_series.ts";

/** Workers whose last batch is remembered; ids of stopped ones never come again. */
const MAX_WORKERS = 1_024;
/** Counted from 0, so that the first of a kind is an increase to whoever watches it. */
const FAILURE_KINDS: readonly WorkerFailureKind[] = [
  "load",
  "startup_timeout",
  "response_timeout",
  "died",
  "disconnected",
];

const MICROSECONDS_PER_MS = 1_000;
const MS_PER_S = 1_000;

/**
 * Turns what happens to one model version into values.
 *
 * It runs for every request: its series are opened once, and again only when a model was removed.
 */
export class VersionMetrics implements PoolEvents {
  readonly #modelName: string;
  readonly #modelVersion: string;
  readonly #opener: SeriesOpener;
  /** When each worker was through with its last batch. */
  readonly #doneAtMsByWorker = new Map<string, number>();
  #generation: number;
  #series: VersionSeries;

  constructor(modelName: string, modelVersion: string, opener: SeriesOpener) {
    this.#modelName = modelName;
    this.#modelVersion = modelVersion;
    this.#opener = opener;
    this.#generation = opener.generation;
    this.#series = openVersionSeries(opener, modelName, modelVersion);
    for (const kind of FAILURE_KINDS) this.#count("workerFailuresTotal", kind, 0);
  }

  onRequest(call: PredictCall): void {
    if (call.kind !== "describe") this.#seriesOf(call).requests.record(1);
  }

  onBatchDone(worker: WorkerDescription, report: BatchReport): void {
    const { requests, result, sentAtMs, doneAtMs } = report;
    const begunAtMs = this.#toBegin(worker.id, sentAtMs, doneAtMs);
    // What a description costs says nothing of predictions.
    if (requests[0]?.call.kind === "describe") return;
    const series = this.#freshSeries();
    let rows = 0;
    for (const request of requests) {
      rows += request.rows;
      if (result.answers !== undefined) this.#recordAnswered(request, begunAtMs, doneAtMs);
    }
    series.batchRequests.record(requests.length);
    series.batchRows.record(rows);
    this.#count("batchesTotal", report.closedBy);
    if (result.error !== undefined) this.#count("batchFailuresTotal", result.error.code);

    const threadMs = Math.max(0, doneAtMs - begunAtMs - result.busyMs);
    series.workerThreadTime.record(Math.round(threadMs));
    const requestIds = () => requests.map(({ call }) => call.requestId).join(",");
    series.predictionTime.record(toHundredths(result.busyMs), requestIds);
    if (result.stages !== undefined) this.#recordStages(result.stages, requestIds);
    for (const metric of result.metrics ?? []) {
      this.#opener.handlerMetrics.record(this.#modelName, metric);
    }
  }

  onWorkerReady(worker: WorkerDescription, loadMs: number): void {
    const { modelName, modelVersion } = this.#owner;
    const label = `W-${worker.id}-${modelName}_${modelVersion}`;
    const owner = { ...this.#owner, workerId: worker.id };
    this.#opener.openServerSeries("WorkerLoadTime", [label, "Host"], owner)
      .record(Math.round(loadMs));
    this.#freshSeries().load.record(loadMs / MS_PER_S);
  }

  onWorkerFailure(worker: WorkerDescription, _failure: unknown, kind: WorkerFailureKind): void {
    this.#doneAtMsByWorker.delete(worker.id);
    this.#count("workerFailuresTotal", kind);
  }

  onScaling({ from, to }: ScalingChange): void {
    this.#count("scalingsTotal", to > from ? "up" : "down");
  }

  onWorkerLog(): void {
    // Words, not numbers.
  }

  get #owner(): { readonly modelName: string; readonly modelVersion: string } {
    return { modelName: this.#modelName, modelVersion: this.#modelVersion };
  }

  /** When a worker began with a batch: not before it was through with the one ahead of it. */
  #toBegin(workerId: string, sentAtMs: number, doneAtMs: number): number {
    const workers = this.#doneAtMsByWorker;
    const lastDoneAtMs = workers.get(workerId);
    if (lastDoneAtMs === undefined && workers.size >= MAX_WORKERS) workers.clear();
    workers.set(workerId, doneAtMs);
    return lastDoneAtMs !== undefined && lastDoneAtMs > sentAtMs ? lastDoneAtMs : sentAtMs;
  }

  /** A request that its handler has answered, whatever the status: a failed one has no time that tells. */
  #recordAnswered(request: ReportedRequest, begunAtMs: number, doneAtMs: number): void {
    const { call, enqueuedAtMs } = request;
    const series = this.#series;
    const queueMs = begunAtMs > enqueuedAtMs ? begunAtMs - enqueuedAtMs : 0;
    const totalMs = Math.max(0, doneAtMs - enqueuedAtMs);
    const { latency, queueLatency } = this.#seriesOf(call);
    latency.record(totalMs * MICROSECONDS_PER_MS);
    queueLatency.record(queueMs * MICROSECONDS_PER_MS);
    series.queueTime.record(Math.round(queueMs));
    series.requestSeconds.record(totalMs / MS_PER_S);
    series.queueSeconds.record(queueMs / MS_PER_S);
  }

  #recordStages(stages: WireStages, requestIds: () => string): void {
    const series = this.#series;
    const { preprocessMs, inferenceMs, postprocessMs } = stages;
    if (preprocessMs !== undefined) series.preprocess.record(preprocessMs / MS_PER_S);
    if (inferenceMs !== undefined) series.inference.record(inferenceMs / MS_PER_S);
    if (postprocessMs !== undefined) series.postprocess.record(postprocessMs / MS_PER_S);
    // All three are known of a handler that has stages; upstream's default handlers report their sum.
    if (preprocessMs === undefined || inferenceMs === undefined || postprocessMs === undefined) {
      return;
    }
    const handlerMs = preprocessMs + inferenceMs + postprocessMs;
    series.handlerTime.record(toHundredths(handlerMs), requestIds);
  }

  #seriesOf({ modelVersion, servedVersion }: PredictCall): RequestSeries {
    const series = this.#freshSeries();
    // The copy that a shadow gets was chosen for nobody: it is no request without a version.
    return modelVersion === undefined && servedVersion !== undefined
      ? series.unversioned
      : series.versioned;
  }

  /** Counts under one more label, whose values are few. */
  #count(name: keyof VersionSeries["counters"], label: string, count = 1): void {
    const counters = this.#freshSeries().counters[name];
    let counter = counters.get(label);
    if (counter === undefined) {
      const labels = [this.#modelName, this.#modelVersion, label];
      counters.set(label, counter = this.#opener.openOwnSeries(name, labels, this.#owner));
    }
    counter.record(count);
  }

  #freshSeries(): VersionSeries {
    if (this.#generation !== this.#opener.generation) {
      this.#generation = this.#opener.generation;
      this.#series = openVersionSeries(this.#opener, this.#modelName, this.#modelVersion);
    }
    return this.#series;
  }
}

function toHundredths(value: number): number {
  return Math.round(value * 100) / 100;
}
