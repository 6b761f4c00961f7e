import type { MetricsConfig } from "../config/mod.ts";
import type { Clock, PoolEvents } from "../scheduling/mod.ts";
import type { SeriesOpener } from "./_version_series.ts";
import { LEGACY_METRICS, type ServerMetricName } from "./built_in_definitions.ts";
import { HandlerMetrics } from "./handler_metrics.ts";
import { HttpCounts } from "./http_counts.ts";
import type { MetricDefinition, MetricDefinitions } from "./metric_definition.ts";
import { MetricLog, type WriteMetricLine } from "./metric_log.ts";
import {
  type MetricSeries,
  type MetricSink,
  NO_SERIES,
  type SeriesOwner,
} from "./metric_series.ts";
import { type ModelReading, readModelMetrics } from "./model_readings.ts";
import { OWN_METRICS, type OwnMetricName, READ_METRICS } from "./own_metrics.ts";
import { PrometheusRegistry } from "./prometheus_registry.ts";
import { SystemMetrics } from "./system_metrics.ts";
import { VersionMetrics } from "./version_metrics.ts";

const MS_PER_S = 1_000;

export interface ServerMetricsOptions {
  readonly config: MetricsConfig;
  readonly definitions: MetricDefinitions;
  readonly hostname: string;
  readonly clock: Clock;
  /** Takes the lines of the modes `log` and `legacy`; absent: nobody reads them, none are made. */
  readonly writeLine?: WriteMetricLine;
  /** Whether the machine's NVIDIA devices are asked for. */
  readonly hasGpus: boolean;
  /** Every version that is registered at this moment. */
  readonly readModels: () => readonly ModelReading[];
  /** How writing the server's state goes; absent, or answering nothing, where none is written. */
  readonly readSnapshots?: () => SnapshotReading | undefined;
  readonly onWarning: (text: string, fields: { readonly model?: string; error?: unknown }) => void;
}

/** How writing the server's state to disk goes. */
export interface SnapshotReading {
  readonly failures: number;
  readonly isStale: boolean;
}

/**
 * Everything that a server counts, and where it shows it.
 *
 * | mode | `/metrics` | log lines |
 * | --- | --- | --- |
 * | `log` | empty | all of TorchServe's |
 * | `prometheus` | all, and the server's own `marina_*` | none |
 * | `legacy` | the three `ts_*` | the rest of TorchServe's |
 *
 * The owner calls `start()` once and `stop()` once.
 */
export class ServerMetrics implements SeriesOpener {
  readonly #options: ServerMetricsOptions;
  readonly #registry = new PrometheusRegistry();
  readonly #logs: MetricLog[] = [];
  readonly #serverSinks = new Map<string, ServerSink>();
  readonly #system: SystemMetrics;
  readonly handlerMetrics: HandlerMetrics;
  /** Counts answers on the HTTP ports. */
  readonly httpCounts: HttpCounts;

  constructor(options: ServerMetricsOptions) {
    this.#options = options;
    const { config, definitions, hostname, clock } = options;
    const isPrometheus = config.mode === "prometheus";
    const serverLog = this.#createLog("ts_metrics");
    for (const definition of definitions.server) {
      const isShown = isPrometheus ||
        (config.mode === "legacy" && LEGACY_METRICS.has(definition.name));
      if (isShown) this.#registry.define(definition);
      const sink = isShown ? this.#registry : serverLog;
      this.#serverSinks.set(definition.name, { definition, sink });
    }
    this.handlerMetrics = new HandlerMetrics({
      definitions: definitions.model,
      sink: isPrometheus ? this.#registry : this.#createLog("model_metrics"),
      hostname,
      isAutoDetectEnabled: config.isAutoDetectEnabled,
      onDrop: (model, text) => options.onWarning(text, { model }),
    });
    if (isPrometheus) {
      this.#defineAll();
      this.#showZeros();
    }
    this.httpCounts = new HttpCounts((name) => this.openServerSeries(name, ["Host"]));
    this.#system = new SystemMetrics({
      intervalMs: config.systemIntervalMs,
      clock,
      hasGpus: options.hasGpus,
      record: (name, value, middle) => {
        const labels = middle === undefined ? ["Host"] : ["Host", middle];
        this.openServerSeries(name, labels).record(value);
      },
      onFailure: (error) => options.onWarning("Cannot read the state of this machine", { error }),
    });
  }

  get generation(): number {
    return this.#registry.generation;
  }

  /** Begins to record the state of the machine, where the config wants that. */
  start(): void {
    if (this.#options.config.isSystemEnabled) this.#system.start();
  }

  /** Ends that, and writes the lines that are still kept. */
  async stop(): Promise<void> {
    await this.#system.stop();
    for (const log of this.#logs) log.flush();
  }

  /** What listens to one model version's workers. */
  createVersionMetrics(modelName: string, modelVersion: string): PoolEvents {
    this.#forgetRemoved();
    return new VersionMetrics(modelName, modelVersion, this);
  }

  /** What `/metrics` answers; see {@linkcode PrometheusRegistry.readText}. Empty in the mode `log`. */
  async readText(names?: ReadonlySet<string>): Promise<string> {
    this.#forgetRemoved();
    return await this.#registry.readText(names);
  }

  openServerSeries(
    name: ServerMetricName,
    labels: readonly string[],
    owner?: SeriesOwner,
  ): MetricSeries {
    const server = this.#serverSinks.get(name);
    if (server === undefined) return NO_SERIES;
    const values = [...labels, this.#options.hostname];
    return server.sink.openSeries(server.definition, values, owner) ?? NO_SERIES;
  }

  openOwnSeries(
    name: OwnMetricName,
    labels: readonly string[],
    owner: SeriesOwner,
  ): MetricSeries {
    if (this.#options.config.mode !== "prometheus") return NO_SERIES;
    return this.#registry.openFamilySeries(OWN_METRICS[name].name, labels, owner) ?? NO_SERIES;
  }

  #createLog(file: "ts_metrics" | "model_metrics"): MetricSink {
    const { writeLine, hostname, clock } = this.#options;
    if (writeLine === undefined) return { generation: 0, openSeries: () => NO_SERIES };
    const log = new MetricLog({ file, hostname, clock, writeLine });
    this.#logs.push(log);
    return log;
  }

  /** Answers are shown from none on: a share of failures needs its numbers before the first one. */
  #showZeros(): void {
    for (const name of ["Requests2XX", "Requests4XX", "Requests5XX"] as const) {
      if (this.#serverSinks.get(name)?.definition.kind !== "counter") continue;
      this.openServerSeries(name, ["Host"]).record(0);
    }
  }

  #defineAll(): void {
    for (const definition of this.handlerMetrics.definitions) this.#registry.define(definition);
    for (const family of Object.values(OWN_METRICS)) this.#registry.defineFamily(family);
    const startedAtS = this.#options.clock.now() / MS_PER_S;
    const read = () => readModelMetrics(this.#options.readModels());
    const { queueRequests, queueFree, workers, shadowRequests } = READ_METRICS;
    const { snapshotFailures, snapshotStale } = READ_METRICS;
    const { residentBytes, heapBytes, startSeconds } = READ_METRICS;
    const memory = (part: "rss" | "heapUsed") => () => [{
      labelValues: [],
      value: Deno.memoryUsage()[part],
    }];
    this.#registry.defineRead(queueRequests, () => read().queueRequests);
    this.#registry.defineRead(queueFree, () => read().queueFree);
    this.#registry.defineRead(workers, () => read().workers);
    this.#registry.defineRead(shadowRequests, () => read().shadowRequests);
    const snapshots = (toValue: (reading: SnapshotReading) => number) => () => {
      const reading = this.#options.readSnapshots?.();
      return reading === undefined ? [] : [{ labelValues: [], value: toValue(reading) }];
    };
    this.#registry.defineRead(snapshotFailures, snapshots(({ failures }) => failures));
    this.#registry.defineRead(snapshotStale, snapshots(({ isStale }) => isStale ? 1 : 0));
    this.#registry.defineRead(residentBytes, memory("rss"));
    this.#registry.defineRead(heapBytes, memory("heapUsed"));
    this.#registry.defineRead(startSeconds, () => [{ labelValues: [], value: startedAtS }]);
  }

  /** The series of models and workers that are no more would grow with each model that comes and goes. */
  #forgetRemoved(): void {
    if (this.#options.config.mode === "log") return;
    const known = new Set<string>();
    for (const { modelName, modelVersion, workers } of this.#options.readModels()) {
      const version = `${modelName}/${modelVersion}`;
      known.add(modelName).add(version);
      for (const { id } of workers) known.add(`${version}/${id}`);
    }
    this.#registry.removeOwned(({ modelName, modelVersion, workerId }) => {
      const version = modelVersion === undefined ? modelName : `${modelName}/${modelVersion}`;
      return !known.has(workerId === undefined ? version : `${version}/${workerId}`);
    });
  }
}

interface ServerSink {
  readonly definition: MetricDefinition;
  readonly sink: MetricSink;
}
