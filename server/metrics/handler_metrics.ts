import { escapeControls } from "../logging/mod.ts";
import type { WireMetric } from "../scheduling/mod.ts";
import type { MetricDefinition, MetricKind } from "./metric_definition.ts";
import type { MetricSeries, MetricSink } from "./metric_series.ts";
import { isMetricName } from "./parse_definitions.ts";

export interface HandlerMetricsOptions {
  /** Those of `metrics.yaml`, without `Hostname`. */
  readonly definitions: readonly MetricDefinition[];
  readonly sink: MetricSink;
  readonly hostname: string;
  /** Whether metrics that nobody defined are taken in as their handler reports them. */
  readonly isAutoDetectEnabled: boolean;
  /** Told once of each metric that values are dropped of. */
  readonly onDrop: (modelName: string, text: string) => void;
}

/** The label that every metric of a model gets at its end. */
const HOSTNAME = "Hostname";

/** Metrics that handlers may add beside the defined ones; what they report must not fill the memory. */
const MAX_DETECTED = 200;
const MAX_DIMENSIONS = 16;
const MAX_TEXT_LENGTH = 256;

/**
 * What handlers report, held against what the operator has defined.
 *
 * A metric of `metrics.yaml` is recorded with the kind, unit and dimensions of its definition; any other is
 * dropped, or taken in as it comes where that is enabled. A value that cannot be recorded is dropped with one
 * warning for its metric, and never fails a prediction.
 */
export class HandlerMetrics {
  readonly #options: HandlerMetricsOptions;
  readonly #definitions = new Map<string, MetricDefinition>();
  #detected = 0;
  readonly #warned = new Set<string>();

  constructor(options: HandlerMetricsOptions) {
    this.#options = options;
    for (const definition of options.definitions) {
      this.#definitions.set(definition.name, withHostname(definition));
    }
  }

  /** Every definition so far, as its series are labelled. */
  get definitions(): Iterable<MetricDefinition> {
    return this.#definitions.values();
  }

  /** Records one value that a handler of the model has reported. */
  record(modelName: string, metric: WireMetric): void {
    const { name, value, requestId } = metric;
    const definition = this.#definitions.get(name) ?? this.#detect(modelName, metric);
    if (definition === undefined || !Number.isFinite(value)) return;
    if (definition.kind === "counter" && value < 0) {
      return this.#drop(modelName, name, "a counter takes no negative values");
    }
    const series = this.#open(modelName, definition, metric.dimensions);
    series?.record(value, requestId === undefined ? undefined : () => requestId);
  }

  /**
   * Gives the series of a metric that the server itself reports for a model.
   *
   * @returns `undefined` when the metric is not defined, or has dimensions that nobody gives.
   */
  openSeries(modelName: string, name: "HandlerTime" | "PredictionTime"): MetricSeries | undefined {
    const definition = this.#definitions.get(name);
    if (definition === undefined) return undefined;
    return this.#open(modelName, definition, { ModelName: modelName, Level: "Model" });
  }

  #open(
    modelName: string,
    definition: MetricDefinition,
    dimensions: WireMetric["dimensions"],
  ): MetricSeries | undefined {
    const { name } = definition;
    const values: string[] = [];
    for (const dimension of definition.dimensions) {
      const value = dimension === HOSTNAME ? this.#options.hostname : dimensions[dimension];
      if (typeof value !== "string" || value.length > MAX_TEXT_LENGTH) {
        this.#drop(
          modelName,
          name,
          value === undefined
            ? `it has no dimension "${dimension}"`
            : `its dimension "${dimension}" has more than ${MAX_TEXT_LENGTH} characters`,
        );
        return undefined;
      }
      values.push(value);
    }
    const series = this.#options.sink.openSeries(definition, values, { modelName });
    if (series === undefined) {
      this.#drop(modelName, name, "another metric has its name, or it has too many labels");
    }
    return series;
  }

  /** Makes a metric of what a handler reports, if that is wanted. */
  #detect(modelName: string, metric: WireMetric): MetricDefinition | undefined {
    if (!this.#options.isAutoDetectEnabled) return undefined;
    const { name, type, unit } = metric;
    const kind = toKind(type);
    const dimensions = Object.keys(metric.dimensions).filter((dimension) => dimension !== HOSTNAME);
    const isFit = kind !== undefined && name.length <= MAX_TEXT_LENGTH &&
      dimensions.length <= MAX_DIMENSIONS && isMetricName(name, dimensions) &&
      dimensions.every((dimension) => dimension.length <= MAX_TEXT_LENGTH);
    if (!isFit) {
      this.#drop(modelName, name, "its name, type or dimensions are none that a metric may have");
      return undefined;
    }
    if (this.#detected >= MAX_DETECTED) {
      this.#drop(modelName, name, `handlers have added ${MAX_DETECTED} metrics already`);
      return undefined;
    }
    this.#detected++;
    const shownUnit = escapeControls(unit.slice(0, MAX_TEXT_LENGTH));
    const definition = withHostname({ name, unit: shownUnit, kind, dimensions });
    this.#definitions.set(name, definition);
    return definition;
  }

  #drop(modelName: string, name: string, reason: string): void {
    const key = name.slice(0, MAX_TEXT_LENGTH);
    if (this.#warned.has(key) || this.#warned.size >= MAX_DETECTED) return;
    this.#warned.add(key);
    this.#options.onDrop(modelName, `Cannot record metric ${JSON.stringify(key)}: ${reason}`);
  }
}

function withHostname(definition: MetricDefinition): MetricDefinition {
  const { dimensions } = definition;
  return dimensions.includes(HOSTNAME)
    ? definition
    : { ...definition, dimensions: [...dimensions, HOSTNAME] };
}

function toKind(type: string): MetricKind | undefined {
  return type === "counter" || type === "gauge" || type === "histogram" ? type : undefined;
}
