import type { Connection } from "./_connection.ts";
import type { Outcome } from "./_ledger.ts";

/** One way of asking, with what may be answered to it. */
export interface RequestKind {
  /** In the report. */
  readonly name: string;
  /** Its share of the requests, against the sum of all weights. */
  readonly weight: number;
  /** Asks once and checks the answer; throws what is a fault. */
  run(connection: Connection): Promise<Outcome>;
}

/** Chooses kinds by their weights. */
export function createChooser(kinds: readonly RequestKind[]): () => RequestKind {
  const sum = kinds.reduce((total, { weight }) => total + weight, 0);
  return () => {
    let left = Math.random() * sum;
    return kinds.find(({ weight }) => (left -= weight) < 0) ?? kinds[0]!;
  };
}

/** A whole number from 0 up to but without `end`. */
export function randomBelow(end: number): number {
  return Math.floor(Math.random() * end);
}

export function pick<T>(items: readonly T[]): T {
  return items[randomBelow(items.length)]!;
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
