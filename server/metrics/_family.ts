/** Families of series: plain numbers while requests are served, the library's own when somebody looks. */
import type { Registry } from "prom-client";
import type { MetricKind } from "./metric_definition.ts";
import type { MetricSeries, SeriesOwner } from "./metric_series.ts";

/** A metric as Prometheus's text shows it. */
export interface FamilyDefinition {
  readonly name: string;
  readonly help: string;
  readonly kind: MetricKind;
  readonly labelNames: readonly string[];
  /** Upper bounds in ascending order, for a histogram. */
  readonly buckets?: readonly number[];
}

export type Labels = Record<string, string>;

/** The part of a series that its family reads. */
export interface Cell extends MetricSeries {
  readonly labels: Labels;
  readonly owner: SeriesOwner | undefined;
}

export abstract class Family<C extends Cell = Cell> {
  readonly definition: FamilyDefinition;
  protected readonly cells = new Map<string, C>();

  constructor(definition: FamilyDefinition) {
    this.definition = definition;
  }

  /** The series of these values; `undefined` when it would be one more than `maxSeries`. */
  open(values: readonly string[], maxSeries: number, owner?: SeriesOwner): C | undefined {
    const key = values.join("\0");
    const known = this.cells.get(key);
    if (known !== undefined) return known;
    if (this.cells.size >= maxSeries) return undefined;
    const labels: Labels = {};
    this.definition.labelNames.forEach((name, index) => (labels[name] = values[index] ?? ""));
    const cell = this.createCell(labels, owner);
    this.cells.set(key, cell);
    return cell;
  }

  /** Forgets series by their owner; true if there were any. */
  removeOwned(isGone: (owner: SeriesOwner) => boolean): boolean {
    let hasRemoved = false;
    for (const [key, cell] of this.cells) {
      if (cell.owner === undefined || !isGone(cell.owner)) continue;
      this.cells.delete(key);
      this.forget(cell.labels);
      hasRemoved = true;
    }
    return hasRemoved;
  }

  protected abstract createCell(labels: Labels, owner: SeriesOwner | undefined): C;
  protected abstract forget(labels: Labels): void;
}

/** What the library is told of a family. */
export function toConfiguration({ name, help, labelNames }: FamilyDefinition, registry: Registry) {
  return { name, help, labelNames: [...labelNames], registers: [registry] };
}
