import { Counter, Gauge, Registry } from "prom-client";
import { CounterFamily } from "./_counter_family.ts";
import type { Family, FamilyDefinition } from "./_family.ts";
import { GaugeFamily } from "./_gauge_family.ts";
import { HistogramFamily } from "./_histogram_family.ts";
import type { MetricDefinition } from "./metric_definition.ts";
import type { MetricSeries, MetricSink, SeriesOwner } from "./metric_series.ts";
import { type FamilyReading, toPrometheusText } from "./prometheus_text.ts";

/** Label values that one metric may have: what a handler reports must not fill the memory. */
const MAX_SERIES = 1_000;

/** The same for the server's own: they go with their models, of which there may be many. */
const MAX_OWN_SERIES = Infinity;

/** One series of a metric that is looked up when somebody asks. */
export interface SeriesReading {
  readonly labelValues: readonly string[];
  readonly value: number;
}

/** A metric of which nothing is kept. */
export interface ReadDefinition extends Omit<FamilyDefinition, "kind" | "buckets"> {
  readonly kind: "counter" | "gauge";
}

/**
 * The metrics behind `/metrics`.
 *
 * Values are plain numbers in series that their users keep; the library's registry gathers them when they are
 * read. Nothing here needs a timer.
 */
export class PrometheusRegistry implements MetricSink {
  readonly #registry = new Registry();
  readonly #families = new Map<string, Family>();
  readonly #definitions = new Map<string, MetricDefinition>();
  #generation = 0;

  get generation(): number {
    return this.#generation;
  }

  /** Makes a metric known, so that it is shown before its first value, too. */
  define(definition: MetricDefinition): void {
    const { name, unit, kind, dimensions } = definition;
    const help = `Torchserve prometheus ${kind} metric with unit: ${unit}`;
    this.#definitions.set(name, definition);
    this.defineFamily({ name, help, kind, labelNames: dimensions });
  }

  /** The same for a metric of the server's own, which has a help text and buckets of its own. */
  defineFamily(definition: FamilyDefinition): Family {
    const family = createFamily(definition, this.#registry);
    this.#families.set(definition.name, family);
    return family;
  }

  /** Defines a metric whose values are asked for when it is shown. */
  defineRead(definition: ReadDefinition, read: () => Iterable<SeriesReading>): void {
    const { name, help, labelNames } = definition;
    const Metric = definition.kind === "counter" ? Counter : Gauge;
    new Metric({
      name,
      help,
      labelNames: [...labelNames],
      registers: [this.#registry],
      collect() {
        this.reset();
        for (const { labelValues, value } of read()) {
          if (labelNames.length === 0) this.inc(value);
          else this.labels(...labelValues).inc(value);
        }
      },
    });
  }

  openSeries(
    definition: MetricDefinition,
    labelValues: readonly string[],
    owner?: SeriesOwner,
  ): MetricSeries | undefined {
    const { name, dimensions } = definition;
    if (!this.#families.has(name) && this.#registry.getSingleMetric(name) === undefined) {
      this.define(definition);
    }
    const known = this.#definitions.get(name);
    if (known?.kind !== definition.kind || known.dimensions.join() !== dimensions.join()) {
      return undefined;
    }
    return this.#families.get(name)!.open(labelValues, MAX_SERIES, owner);
  }

  /** The same for a family of the server's own. */
  openFamilySeries(
    name: string,
    labelValues: readonly string[],
    owner: SeriesOwner,
  ): MetricSeries | undefined {
    return this.#families.get(name)?.open(labelValues, MAX_OWN_SERIES, owner);
  }

  /** Forgets the series whose owners are gone. */
  removeOwned(isGone: (owner: SeriesOwner) => boolean): void {
    let hasRemoved = false;
    for (const family of this.#families.values()) {
      if (family.removeOwned(isGone)) hasRemoved = true;
    }
    if (hasRemoved) this.#generation++;
  }

  /**
   * Everything in Prometheus's text form 0.0.4.
   *
   * @param names Names of samples to show alone.
   */
  async readText(names?: ReadonlySet<string>): Promise<string> {
    const families = await this.#registry.getMetricsAsJSON();
    return toPrometheusText(families as unknown as readonly FamilyReading[], names);
  }
}

function createFamily(definition: FamilyDefinition, registry: Registry): Family {
  switch (definition.kind) {
    case "counter":
      return new CounterFamily(definition, registry);
    case "gauge":
      return new GaugeFamily(definition, registry);
    case "histogram":
      return new HistogramFamily(definition, registry);
  }
}
