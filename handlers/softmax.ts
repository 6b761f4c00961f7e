/**
 * Turns scores into probabilities, for classifiers' answers.
 *
 * The largest score is taken off first, so that large scores do not overflow; sums are made in double, the
 * results rounded to float32. An empty input gives an empty output.
 *
 * @example
 * ```ts
 * import { deepStrictEqual } from "node:assert";
 * import { softmax } from "./softmax.ts";
 *
 * deepStrictEqual([...softmax([1000, 1000])], [0.5, 0.5]);
 * ```
 *
 * @param logits `[K]`, any finite values.
 * @returns `[K]`, each 0–1, together 1.
 */
export function softmax(logits: ArrayLike<number>): Float32Array<ArrayBuffer> {
  let largest = -Infinity;
  for (let i = 0; i < logits.length; i++) if (logits[i]! > largest) largest = logits[i]!;
  const powers = new Float64Array(logits.length);
  let sum = 0;
  for (let i = 0; i < logits.length; i++) sum += powers[i] = Math.exp(logits[i]! - largest);
  const probabilities = new Float32Array(logits.length);
  for (let i = 0; i < powers.length; i++) probabilities[i] = powers[i]! / sum;
  return probabilities;
}
