import type { Counter, Registry } from "prom-client";
import { type Cell, Family, type FamilyDefinition, type Labels } from "./_family.ts";
import { toJavaDouble } from "./java_double.ts";
import type { SeriesOwner } from "./metric_series.ts";

/** Those of Prometheus's Java client 0.9, which TorchServe's histograms have. */
const DEFAULT_BUCKETS = [
  0.005,
  0.01,
  0.025,
  0.05,
  0.075,
  0.1,
  0.25,
  0.5,
  0.75,
  1,
  2.5,
  5,
  7.5,
  10,
];

class HistogramCell implements Cell {
  /** Values at most as large as each bound and larger than the one before. */
  readonly counts: Float64Array;
  count = 0;
  sum = 0;
  readonly #bounds: readonly number[];

  constructor(
    readonly labels: Labels,
    readonly owner: SeriesOwner | undefined,
    bounds: readonly number[],
  ) {
    this.#bounds = bounds;
    this.counts = new Float64Array(bounds.length);
  }

  record(value: number): void {
    const bounds = this.#bounds;
    let index = 0;
    while (index < bounds.length && value > bounds[index]!) index++;
    if (index < bounds.length) this.counts[index]!++;
    this.count++;
    this.sum += value;
  }
}

/**
 * A histogram of plain numbers, in the place of the library's: that one hashes its labels at each value,
 * which with a handful of values a request would be seen in the throughput.
 */
export class HistogramFamily extends Family<HistogramCell> {
  readonly #bounds: readonly number[];

  constructor(definition: FamilyDefinition, registry: Registry) {
    super(definition);
    this.#bounds = definition.buckets ?? DEFAULT_BUCKETS;
    registry.registerMetric(this as unknown as Counter);
  }

  /** What a registry knows its metrics by. */
  get name(): string {
    return this.definition.name;
  }

  /** What a registry reads its metrics with. */
  get(): Promise<unknown> {
    const { name, help } = this.definition;
    const values = [...this.cells.values()].filter(({ count }) => count > 0).flatMap((cell) => {
      const { labels, counts, count, sum } = cell;
      let total = 0;
      const buckets = this.#bounds.map((bound, index) => ({
        metricName: `${name}_bucket`,
        labels: { ...labels, le: toBoundText(bound) },
        value: total += counts[index]!,
      }));
      return [
        ...buckets,
        { metricName: `${name}_bucket`, labels: { ...labels, le: "+Inf" }, value: count },
        { metricName: `${name}_count`, labels, value: count },
        { metricName: `${name}_sum`, labels, value: sum },
      ];
    });
    return Promise.resolve({ name, help, type: "histogram", values, aggregator: "sum" });
  }

  protected override createCell(labels: Labels, owner: SeriesOwner | undefined): HistogramCell {
    return new HistogramCell(labels, owner, this.#bounds);
  }

  protected override forget(): void {
    // The cells are all that there is.
  }
}

/** As Java writes it, but for small ones: queries name the bound, and nobody would think of `5.0E-4`. */
function toBoundText(bound: number): string {
  return bound < 0.001 ? String(bound) : toJavaDouble(bound);
}
