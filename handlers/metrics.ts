/** The metrics a handler reports: definitions live as long as the worker, records until they are taken. */

export type MetricType = "counter" | "gauge" | "histogram";

/** One reported value. */
export interface MetricRecord {
  readonly name: string;
  /** `Milliseconds`, `Percent` … as TorchServe's metric lines spell it, or the handler's own word. */
  readonly unit: string;
  readonly type: MetricType;
  readonly value: number;
  /** In the order of the metric's dimension names; `ModelName` and `Level` are always there. */
  readonly dimensions: Readonly<Record<string, string>>;
  /** Of one request, or of the whole batch joined by commas; absent for errors. */
  readonly requestId?: string;
}

/** What a report may say beyond name and value. */
export interface MetricOptions {
  /** The request in the batch it belongs to; the whole batch unless given. */
  readonly index?: number;
  readonly dimensions?: Readonly<Record<string, string>>;
  readonly type?: MetricType;
}

export interface AddTimeOptions extends MetricOptions {
  /** `"ms"` unless given. */
  readonly unit?: "ms" | "s";
}

export interface AddSizeOptions extends MetricOptions {
  /** `"MB"` unless given. */
  readonly unit?: "MB" | "kB" | "GB" | "B";
}

export interface MetricDefinitionOptions {
  /** Names beside `ModelName` and `Level`. */
  readonly dimensionNames?: readonly string[];
  /** `"counter"` unless given. */
  readonly type?: MetricType;
}

/** Units as TorchServe's `ts/metrics/unit.py` maps them; any other word stays as it is. */
const LONG_UNIT_BY_UNIT: ReadonlyMap<string, string> = new Map([
  ["ms", "Milliseconds"],
  ["s", "Seconds"],
  ["percent", "Percent"],
  ["count", "Count"],
  ["MB", "Megabytes"],
  ["GB", "Gigabytes"],
  ["kB", "Kilobytes"],
  ["B", "Bytes"],
  ["", "unit"],
]);

/** Values that are kept of one batch, and lines that say why one was left out. */
const MAX_RECORDS = 10_000;
const MAX_REJECTIONS = 100;
/** Characters of a name, and of a dimension's name and value. */
const MAX_TEXT_LENGTH = 1_024;

/** What a worker keeps of its handler's metrics between batches. */
export class MetricRegistry {
  readonly #metrics = new Map<string, Metric>();
  readonly #modelName: string;
  readonly #modelDimensions: Readonly<Record<string, string>>;
  #records: MetricRecord[] = [];
  #rejections: string[] = [];

  constructor(modelName: string) {
    this.#modelName = modelName;
    this.#modelDimensions = Object.freeze({ ModelName: modelName, Level: "Model" });
  }

  get(name: string, type: MetricType): Metric | undefined {
    return this.#metrics.get(`${type} ${name}`);
  }

  /** Registers a metric, in the place of one of the same name and type. */
  define(name: string, unit: string, dimensionNames: readonly string[], type: MetricType): Metric {
    const names = [...dimensionNames];
    for (const name of ["ModelName", "Level"]) if (!names.includes(name)) names.push(name);
    const metric = new Metric(name, LONG_UNIT_BY_UNIT.get(unit) ?? unit, type, names, this);
    this.#metrics.set(`${type} ${name}`, metric);
    return metric;
  }

  /** Adds the dimensions every metric has. */
  complete(dimensions: Readonly<Record<string, string>> | undefined, level: "Model" | "Error") {
    if (dimensions === undefined && level === "Model") return this.#modelDimensions;
    const all: Record<string, string> = { ...dimensions };
    all.ModelName ??= this.#modelName;
    all.Level ??= level;
    return all;
  }

  /** Keeps a record, or the reason why it is none. */
  report(record: MetricRecord, dimensionNames: readonly string[]): void {
    const found = Object.keys(record.dimensions);
    const reason = !Number.isFinite(record.value)
      ? "expected a finite number"
      : record.type === "counter" && record.value < 0
      ? "Counter metric update value cannot be negative"
      : found.length !== dimensionNames.length ||
          dimensionNames.some((name) => !found.includes(name))
      ? `expected dimensions ${dimensionNames.join(", ")}`
      : hasOddText(record)
      ? `expected texts of at most ${MAX_TEXT_LENGTH} characters for its name, unit and dimensions`
      : this.#records.length >= MAX_RECORDS
      ? `one batch reports at most ${MAX_RECORDS} values`
      : null;
    if (reason === null) this.#records.push(record);
    else if (this.#rejections.length < MAX_REJECTIONS) {
      this.#rejections.push(
        `Failed to update metric with name:${cut(record.name)} and dimensions: ${
          cut(found.join(", "))
        } ` +
          `with value: ${record.value}: ${reason}`,
      );
    }
  }

  takeRecords(): MetricRecord[] {
    if (this.#records.length === 0) return [];
    const records = this.#records;
    this.#records = [];
    return records;
  }

  takeRejections(): string[] {
    const rejections = this.#rejections;
    this.#rejections = [];
    return rejections;
  }
}

/** Handlers in JavaScript give what they like. */
function hasOddText({ name, unit, dimensions }: MetricRecord): boolean {
  if (isOdd(name) || isOdd(unit)) return true;
  for (const key in dimensions) if (isOdd(key) || isOdd(dimensions[key])) return true;
  return false;
}

function isOdd(text: unknown): boolean {
  return typeof text !== "string" || text.length > MAX_TEXT_LENGTH;
}

function cut(text: unknown): string {
  return String(text).slice(0, MAX_TEXT_LENGTH);
}

/** One named metric; a handler may keep it for as long as it lives. */
export class Metric {
  constructor(
    readonly name: string,
    readonly unit: string,
    readonly type: MetricType,
    readonly dimensionNames: readonly string[],
    private readonly registry: MetricRegistry,
  ) {}

  /**
   * Reports a value.
   *
   * @param value Counters add it, gauges become it.
   * @param dimensionValues In the order of the names it was defined with; `ModelName` and `Level` need none.
   * @param requestId The request it belongs to, if it is one.
   */
  addOrUpdate(value: number, dimensionValues: readonly string[] = [], requestId?: string): void {
    const dimensions: Record<string, string> = {};
    dimensionValues.forEach((text, i) => {
      dimensions[this.dimensionNames[i] ?? `dimension ${i}`] = text;
    });
    this.report(value, this.registry.complete(dimensions, "Model"), requestId);
  }

  /** Reports a value with all its dimensions by name. */
  report(value: number, dimensions: Readonly<Record<string, string>>, requestId?: string): void {
    const { name, unit, type } = this;
    const record = requestId === undefined
      ? { name, unit, type, value, dimensions }
      : { name, unit, type, value, dimensions, requestId };
    this.registry.report(record, this.dimensionNames);
  }
}

/**
 * `context.metrics`: how a handler counts and times.
 *
 * A metric's first report fixes its unit, type and dimension names. A report that does not fit (a negative
 * counter, other dimensions) is left out and kept as a line for the log; it never fails a prediction.
 *
 * | method | default type | unit |
 * | --- | --- | --- |
 * | `addMetric` | counter | given |
 * | `addCounter` | counter | `count` |
 * | `addTime` | gauge | `ms`, or `s` |
 * | `addSize` | gauge | `MB`, or `kB`, `GB`, `B` |
 * | `addPercent` | gauge | `percent` |
 * | `addError` | counter | none |
 *
 * Names, units and defaults are those of TorchServe's `ts/metrics/metrics_store.py`.
 */
export class Metrics {
  readonly #registry: MetricRegistry;
  readonly #requestIds: () => readonly string[];

  constructor(registry: MetricRegistry, requestIds: () => readonly string[]) {
    this.#registry = registry;
    this.#requestIds = requestIds;
  }

  addMetric(name: string, value: number, unit: string, options: MetricOptions = {}): void {
    const dimensions = this.#registry.complete(options.dimensions, "Model");
    this.#report(name, value, unit, options.type ?? "counter", dimensions, this.#id(options.index));
  }

  addCounter(name: string, value: number, options: Omit<MetricOptions, "type"> = {}): void {
    this.addMetric(name, value, "count", { ...options, type: "counter" });
  }

  /** @throws {RangeError} If the unit is neither `ms` nor `s`. */
  addTime(name: string, value: number, options: AddTimeOptions = {}): void {
    const { unit = "ms", type = "gauge", dimensions, index } = options;
    if (unit !== "ms" && unit !== "s") {
      throw new RangeError("the unit for a timed metric should be one of ['ms', 's']");
    }
    this.addMetric(name, value, unit, { type, dimensions, index });
  }

  /** @throws {RangeError} If the unit is none of `MB`, `kB`, `GB`, `B`. */
  addSize(name: string, value: number, options: AddSizeOptions = {}): void {
    const { unit = "MB", type = "gauge", dimensions, index } = options;
    if (!["MB", "kB", "GB", "B"].includes(unit)) {
      throw new RangeError("The unit for size based metric is one of ['MB','kB', 'GB', 'B']");
    }
    this.addMetric(name, value, unit, { type, dimensions, index });
  }

  addPercent(name: string, value: number, options: MetricOptions = {}): void {
    this.addMetric(name, value, "percent", { ...options, type: options.type ?? "gauge" });
  }

  addError(name: string, value: number, options: Pick<MetricOptions, "dimensions"> = {}): void {
    const dimensions = this.#registry.complete(options.dimensions, "Error");
    this.#report(name, value, "", "counter", dimensions, undefined);
  }

  /** Defines a metric, or defines it anew, and reports nothing. */
  addMetricToCache(name: string, unit: string, options: MetricDefinitionOptions = {}): Metric {
    const { dimensionNames = [], type = "counter" } = options;
    return this.#registry.define(name, unit, dimensionNames, type);
  }

  /** @throws {RangeError} If no metric of that name and type was defined or reported before. */
  getMetric(name: string, type: MetricType = "counter"): Metric {
    const metric = this.#registry.get(name, type);
    if (metric !== undefined) return metric;
    throw new RangeError(`Metric of type '${type}' and name '${name}' doesn't exist`);
  }

  /** For the worker: every record since the last call, which are forgotten here. */
  takeRecords(): MetricRecord[] {
    return this.#registry.takeRecords();
  }

  /** For the worker's log: a line for each report since the last call that was left out. */
  takeRejections(): string[] {
    return this.#registry.takeRejections();
  }

  #report(
    name: string,
    value: number,
    unit: string,
    type: MetricType,
    dimensions: Readonly<Record<string, string>>,
    requestId: string | undefined,
  ): void {
    const metric = this.#registry.get(name, type) ??
      this.#registry.define(name, unit, Object.keys(dimensions), type);
    metric.report(value, dimensions, requestId);
  }

  #id(index: number | undefined): string | undefined {
    const ids = this.#requestIds();
    return index === undefined ? ids.length === 0 ? undefined : ids.join(",") : ids[index];
  }
}
