import { Gauge, type Registry } from "prom-client";
import {
  type Cell,
  Family,
  type FamilyDefinition,
  type Labels,
  toConfiguration,
} from "./_family.ts";
import type { SeriesOwner } from "./metric_series.ts";

class GaugeCell implements Cell {
  value: number | undefined;
  constructor(readonly labels: Labels, readonly owner: SeriesOwner | undefined) {}

  record(value: number): void {
    this.value = value;
  }
}

/** The last values. */
export class GaugeFamily extends Family<GaugeCell> {
  readonly #gauge: Gauge;

  constructor(definition: FamilyDefinition, registry: Registry) {
    super(definition);
    this.#gauge = new Gauge({
      ...toConfiguration(definition, registry),
      collect: () => {
        for (const { labels, value } of this.cells.values()) {
          if (value !== undefined) this.#gauge.set(labels, value);
        }
      },
    });
  }

  protected override createCell(labels: Labels, owner: SeriesOwner | undefined): GaugeCell {
    return new GaugeCell(labels, owner);
  }

  protected override forget(labels: Labels): void {
    this.#gauge.remove(labels);
  }
}
