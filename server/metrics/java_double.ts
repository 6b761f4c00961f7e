/** From here on, and below its inverse thousandth, Java writes a power of ten. */
const LEAST_LARGE = 1e7;
const LEAST_PLAIN = 1e-3;

/**
 * A number as Java's `Double.toString` writes it, for clients that match TorchServe's metrics by text.
 *
 * The infinities are `+Inf` and `-Inf`, as Prometheus's text has them. Digits are the fewest that give the
 * same double back, which is Java's rule too since version 19.
 *
 * @example
 * ```ts
 * import { deepStrictEqual } from "node:assert";
 * import { toJavaDouble } from "./java_double.ts";
 *
 * deepStrictEqual([8, 0.05, 1.8e7, 1e-4, -0, Infinity].map(toJavaDouble), [
 *   "8.0", "0.05", "1.8E7", "1.0E-4", "-0.0", "+Inf",
 * ]);
 * ```
 */
export function toJavaDouble(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  const size = Math.abs(value);
  if (size >= LEAST_PLAIN && size < LEAST_LARGE) {
    return Number.isInteger(value) ? `${value}.0` : `${value}`;
  }
  const [digits, exponent] = value.toExponential().split("e") as [string, string];
  return `${digits.includes(".") ? digits : `${digits}.0`}E${Number(exponent)}`;
}
