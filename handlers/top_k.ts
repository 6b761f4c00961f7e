/** A value and where it stood. */
export interface Ranked {
  readonly index: number;
  readonly value: number;
}

/**
 * Finds the `k` largest values, for a classifier's best classes.
 *
 * In descending order; of equal values the earlier comes first. Fewer than `k` values are all returned.
 *
 * @example
 * ```ts
 * import { deepStrictEqual } from "node:assert";
 * import { topK } from "./top_k.ts";
 *
 * deepStrictEqual(topK([0.1, 0.7, 0.2], 2), [{ index: 1, value: 0.7 }, { index: 2, value: 0.2 }]);
 * ```
 *
 * @param values `[K]`; not-a-number ranks below everything.
 * @param k A whole number ≥ 0.
 * @throws {RangeError} If `k` is no whole number ≥ 0.
 */
export function topK(values: ArrayLike<number>, k: number): Ranked[] {
  if (!Number.isInteger(k) || k < 0) {
    throw new RangeError(`Cannot rank values: expected a whole number k of at least 0, found ${k}`);
  }
  const ranked = Array.from(values, (value, index) => ({ index, value }));
  const rank = (value: number) => Number.isNaN(value) ? -Infinity : value;
  ranked.sort((a, b) => {
    const x = rank(a.value), y = rank(b.value);
    return x === y ? a.index - b.index : y > x ? 1 : -1;
  });
  return ranked.slice(0, k);
}
