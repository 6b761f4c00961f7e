import { escapeControls } from "../logging/mod.ts";
import type { Clock } from "../scheduling/mod.ts";
import { toJavaDouble } from "./java_double.ts";
import type { MetricDefinition } from "./metric_definition.ts";
import type { MetricSeries, MetricSink } from "./metric_series.ts";

/** The files that metrics are logged to. */
export type MetricFile = "ts_metrics" | "model_metrics";

/** Takes one line, without a line feed and without the time that stands before each. */
export type WriteMetricLine = (file: MetricFile, line: string) => void;

export interface MetricLogOptions {
  readonly file: MetricFile;
  readonly hostname: string;
  readonly clock: Clock;
  readonly writeLine: WriteMetricLine;
}

/** Lines are written together, this long after the first. */
const FLUSH_INTERVAL_MS = 100;

/** Values of one interval that get lines of their own; further ones share a line a series. */
const MAX_SINGLE_LINES = 200;

/** Series that share lines within one interval; values of further ones are left out. */
const MAX_SHARED_LINES = 1_000;

/**
 * Writes values as lines of a metrics log, in TorchServe's form:
 *
 * ```text
 * Requests2XX.Count:1.0|#Level:Host|#hostname:vm,timestamp:1795229338
 * HandlerTime.ms:3.25|#ModelName:m,Level:Model|#hostname:vm,requestID:4f…,timestamp:1795229338
 * ```
 *
 * Each value has its own line as long as there are at most 2,000 a second. Beyond that a counter's values are
 * added up in one line for each tenth of a second, and a gauge's last one stands for all: the sums over
 * a file stay right, and a loaded server does not spend itself on its log.
 */
export class MetricLog implements MetricSink {
  readonly generation = 0;
  readonly #options: MetricLogOptions;
  #lines: { readonly series: LoggedSeries; readonly value: number; readonly ids?: string }[] = [];
  readonly #shared = new Map<string, SharedLine>();
  #cancelFlush: (() => void) | undefined;

  constructor(options: MetricLogOptions) {
    this.#options = options;
  }

  openSeries(definition: MetricDefinition, labelValues: readonly string[]): MetricSeries {
    return new LoggedSeries(definition, labelValues, this);
  }

  /** For series: keeps a value until the next flush. */
  add(series: LoggedSeries, value: number, requestIds?: () => string): void {
    this.#cancelFlush ??= this.#options.clock.schedule(FLUSH_INTERVAL_MS, () => this.flush());
    if (this.#lines.length < MAX_SINGLE_LINES) {
      this.#lines.push({ series, value, ids: requestIds?.() });
      return;
    }
    const shared = this.#shared.get(series.head);
    if (shared === undefined) {
      if (this.#shared.size < MAX_SHARED_LINES) this.#shared.set(series.head, { series, value });
    } else shared.value = series.kind === "counter" ? shared.value + value : value;
  }

  /** Writes what is kept; the owner calls it at the end. */
  flush(): void {
    this.#cancelFlush?.();
    this.#cancelFlush = undefined;
    const { file, hostname, clock, writeLine } = this.#options;
    const endAtS = Math.floor(clock.now() / 1000);
    const write = (series: LoggedSeries, value: number, ids?: string): void => {
      const request = ids === undefined ? "" : `requestID:${ids},`;
      const text = `${series.name}:${toJavaDouble(value)}|#${series.dimensions}`;
      writeLine(file, `${text}|#hostname:${hostname},${request}timestamp:${endAtS}`);
    };
    const lines = this.#lines;
    this.#lines = [];
    for (const { series, value, ids } of lines) write(series, value, ids);
    for (const { series, value } of this.#shared.values()) write(series, value);
    this.#shared.clear();
  }
}

interface SharedLine {
  readonly series: LoggedSeries;
  value: number;
}

class LoggedSeries implements MetricSeries {
  readonly kind: MetricDefinition["kind"];
  /** `Name.Unit` */
  readonly name: string;
  /** `Level:Host,…`; the host has its own place in a line. */
  readonly dimensions: string;
  /** What tells series apart. */
  readonly head: string;
  readonly #log: MetricLog;

  constructor(definition: MetricDefinition, labelValues: readonly string[], log: MetricLog) {
    this.kind = definition.kind;
    this.name = `${definition.name}.${definition.unit}`;
    const parts: string[] = [];
    definition.dimensions.forEach((dimension, index) => {
      if (dimension.toLowerCase() === "hostname") return;
      parts.push(escapeControls(`${dimension}:${labelValues[index]}`));
    });
    this.dimensions = parts.join(",");
    this.head = `${this.name}|${this.dimensions}`;
    this.#log = log;
  }

  record(value: number, requestIds?: () => string): void {
    this.#log.add(this, value, requestIds);
  }
}
