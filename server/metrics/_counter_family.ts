import { Counter, type Registry } from "prom-client";
import {
  type Cell,
  Family,
  type FamilyDefinition,
  type Labels,
  toConfiguration,
} from "./_family.ts";
import type { SeriesOwner } from "./metric_series.ts";

class CounterCell implements Cell {
  /** What came since the library was told. */
  pending = 0;
  isTouched = false;
  constructor(readonly labels: Labels, readonly owner: SeriesOwner | undefined) {}

  record(value: number): void {
    this.isTouched = true;
    this.pending += value;
  }
}

/** Sums that only grow. */
export class CounterFamily extends Family<CounterCell> {
  readonly #counter: Counter;

  constructor(definition: FamilyDefinition, registry: Registry) {
    super(definition);
    this.#counter = new Counter({
      ...toConfiguration(definition, registry),
      collect: () => {
        for (const cell of this.cells.values()) {
          if (!cell.isTouched) continue;
          this.#counter.inc(cell.labels, cell.pending);
          cell.pending = 0;
        }
      },
    });
  }

  protected override createCell(labels: Labels, owner: SeriesOwner | undefined): CounterCell {
    return new CounterCell(labels, owner);
  }

  protected override forget(labels: Labels): void {
    this.#counter.remove(labels);
  }
}
