/** Handlers' results as tensors of KServe's V2 protocol. */

/** How the datatype of a result is found where its elements do not say it. */
export interface TypingRules {
  /**
   * Whether whole numbers are floats that happen to be whole. In Python `1.0` is no integer; here nothing
   * tells them apart but what the model declares.
   */
  readonly areWholesFloats: boolean;
}

/** One of `outputs`, its members in upstream's order. */
export interface OutputTensor {
  readonly name: string;
  readonly datatype: string;
  readonly data: readonly unknown[];
  readonly shape: readonly number[];
}

const MAX_INT64 = 2n ** 63n - 1n;

/**
 * A result, flat, under the name of its input.
 *
 * | elements | datatype |
 * | --- | --- |
 * | of a typed array | the array's own |
 * | `true` and `false` | `BOOL` |
 * | whole numbers | `INT64`, `UINT64` where one is beyond it; see `areWholesFloats` |
 * | numbers, or none at all | `FP64` |
 * | anything else | `BYTES` |
 *
 * @example
 * ```ts
 * import { deepStrictEqual } from "node:assert";
 * import { toOutputTensor } from "./envelope_output.ts";
 *
 * deepStrictEqual(toOutputTensor("x", [[1, 2]], { areWholesFloats: false }), {
 *   name: "x",
 *   datatype: "INT64",
 *   data: [1, 2],
 *   shape: [2],
 * });
 * ```
 */
export function toOutputTensor(
  name: string,
  result: unknown,
  { areWholesFloats }: TypingRules,
): OutputTensor {
  const datatype = findArrayType(result);
  if (datatype !== undefined) {
    const data = Array.from(result as Float32Array);
    return { name, datatype, data, shape: [data.length] };
  }
  const data: unknown[] = [];
  flatten(result, data);
  return { name, datatype: findDatatype(data, areWholesFloats), data, shape: [data.length] };
}

function findArrayType(value: unknown): string | undefined {
  if (value instanceof Float32Array) return "FP32";
  if (value instanceof Float64Array) return "FP64";
  if (value instanceof BigInt64Array) return "INT64";
  if (value instanceof BigUint64Array) return "UINT64";
  if (value instanceof Int32Array) return "INT32";
  if (value instanceof Uint32Array) return "UINT32";
  if (value instanceof Int16Array) return "INT16";
  if (value instanceof Uint16Array) return "UINT16";
  if (value instanceof Int8Array) return "INT8";
  if (value instanceof Uint8Array) return "UINT8";
}

function flatten(value: unknown, into: unknown[]): void {
  if (!Array.isArray(value)) return void into.push(value);
  for (const element of value) flatten(element, into);
}

function findDatatype(data: readonly unknown[], areWholesFloats: boolean): string {
  if (data.length === 0) return "FP64";
  if (data.every((element) => typeof element === "boolean")) return "BOOL";
  let hasWide = false;
  let hasBigInt = false;
  for (const element of data) {
    if (typeof element === "bigint") {
      hasBigInt = true;
      hasWide ||= element > MAX_INT64;
    } else if (typeof element !== "number") return "BYTES";
    else if (!Number.isInteger(element)) return "FP64";
  }
  if (hasWide) return "UINT64";
  return areWholesFloats && !hasBigInt ? "FP64" : "INT64";
}
