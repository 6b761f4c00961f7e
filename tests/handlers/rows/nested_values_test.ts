import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import type { TensorDtype } from "marina";
import { describeModel } from "../../../handlers/rows/mod.ts";
import { parseNestedValues } from "../../../handlers/rows/nested_values.ts";

function spec(dtype: TensorDtype, shape: readonly (number | string)[]) {
  return describeModel({ inputs: [{ name: "x", dtype, shape }], outputs: [] }).inputs[0]!;
}

Deno.test("parseNestedValues() makes one row of an array of one rank less than the input", () => {
  const { tensor, isSingleRow } = parseNestedValues([1, 2, 3], spec("float32", ["N", 3]));
  deepStrictEqual(tensor.shape, [1, 3]);
  deepStrictEqual(tensor.data, Float32Array.of(1, 2, 3));
  strictEqual(isSingleRow, true);
});

Deno.test("parseNestedValues() keeps row-major order over three axes", () => {
  const value = [[[1, 2], [3, 4]], [[5, 6], [7, 8]], [[9, 10], [11, 12]]];
  const { tensor, isSingleRow } = parseNestedValues(value, spec("int32", ["N", 2, 2]));
  deepStrictEqual(tensor.shape, [3, 2, 2]);
  deepStrictEqual(tensor.data, Int32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12));
  strictEqual(isSingleRow, false);
});

Deno.test("parseNestedValues() takes a bare value for a scalar input, and for a row of a list input", () => {
  deepStrictEqual(parseNestedValues(7, spec("int64", [])).tensor, {
    dtype: "int64",
    shape: [],
    data: BigInt64Array.of(7n),
  });
  const row = parseNestedValues("cat", spec("string", ["N"]));
  deepStrictEqual(row.tensor.shape, [1]);
  strictEqual(row.isSingleRow, true);
});

Deno.test("parseNestedValues() keeps all digits of a 64-bit integer that comes as a string", () => {
  const { tensor } = parseNestedValues(["9223372036854775807", -5], spec("int64", ["N"]));
  deepStrictEqual(tensor.data, BigInt64Array.of(9223372036854775807n, -5n));
});

Deno.test("parseNestedValues() rounds to half precision, ties to even", () => {
  const { tensor } = parseNestedValues([1, 1 + 2 ** -11, 65504], spec("float16", ["N"]));
  deepStrictEqual(tensor.data, Uint16Array.of(0x3c00, 0x3c00, 0x7bff));
});

const F = ["float32", ["N", 3]] as const;
Deno.test.each([
  { title: "a row that is too short", of: F, value: [1, 2], found: "number [2]" },
  { title: "rows that are too long", of: F, value: [[1, 2, 3, 4]], found: "number [1, 4]" },
  { title: "a bare number", of: F, value: 1, found: "1" },
  { title: "a bare string", of: F, value: "abc", found: "string" },
  { title: "null", of: F, value: null, found: "null" },
  { title: "an object", of: F, value: {}, found: "object" },
  { title: "no rows", of: F, value: [], found: "an empty array [0]" },
  { title: "an empty row", of: F, value: [[]], found: "an empty array [1, 0]" },
  { title: "an axis too many", of: F, value: [[[1]]], found: "an array of more than 2 dimensions" },
  {
    title: "a shorter second row",
    of: F,
    value: [[1, 2, 3], [4, 5]],
    found: "rows of unequal length: length 2 at [1], 3 before",
  },
  {
    title: "a number among rows",
    of: F,
    value: [[1, 2, 3], 4],
    found: "rows of unequal length: 4 at [1], 3 before",
  },
  { title: "a string element", of: F, value: [[1, 2, 3], [1, "2", 3]], found: "string at [1, 1]" },
  { title: "a boolean element", of: F, value: [1, true, 3], found: "boolean at [1]" },
  { title: "a null element", of: F, value: [1, 2, null], found: "null at [2]" },
  { title: "an array among elements", of: F, value: [1, [2], 3], found: "array at [1]" },
  { title: "not-a-number", of: F, value: [NaN, 2, 3], found: "NaN at [0]" },
  {
    title: "a number beyond all floats",
    of: F,
    value: JSON.parse("[1e999,2,3]"),
    found: "Infinity at [0]",
  },
  { title: "a number beyond float32", of: F, value: [1, 2, 1e39], found: "1e+39 at [2]" },
  {
    title: "a number beyond float16",
    of: ["float16", ["N"]],
    value: [65520],
    found: "65520 at [0]",
  },
  {
    title: "an infinite double",
    of: ["float64", ["N"]],
    value: [Infinity],
    found: "Infinity at [0]",
  },
  { title: "a fraction for an integer", of: ["int32", ["N"]], value: [1.5], found: "1.5 at [0]" },
  { title: "300 for a byte", of: ["uint8", ["N"]], value: [255, 300], found: "300 at [1]" },
  { title: "-1 for a byte", of: ["uint8", ["N"]], value: [-1], found: "-1 at [0]" },
  { title: "2^31 for int32", of: ["int32", ["N"]], value: [2 ** 31], found: "2147483648 at [0]" },
  { title: "1 for a boolean", of: ["bool", ["N"]], value: [true, 1], found: "1 at [1]" },
  { title: "a number for a string", of: ["string", ["N"]], value: ["a", 1], found: "1 at [1]" },
  { title: "text for int64", of: ["int64", ["N"]], value: ["12 "], found: "string at [0]" },
  {
    title: "2^63 for int64",
    of: ["int64", ["N"]],
    value: ["9223372036854775808"],
    found: "string at [0]",
  },
  {
    title: "an integer that has lost digits",
    of: ["int64", ["N"]],
    value: [2 ** 53],
    found: "9007199254740992 at [0]; write integers beyond 2^53 - 1 as strings",
  },
  {
    title: "a list for a scalar",
    of: ["int64", []],
    value: [1],
    found: "an array of more than 0 dimensions",
  },
  {
    title: "one row less than a fixed axis",
    of: ["float32", [2, 1]],
    value: [[1]],
    found: "number [1, 1]",
  },
])("parseNestedValues() refuses $title, naming what it takes and what it found", (given) => {
  const [dtype, shape] = given.of as readonly [TensorDtype, readonly (number | string)[]];
  throws(() => parseNestedValues(given.value, spec(dtype, shape)), {
    name: "PredictionException",
    errorCode: 400,
    message: `Cannot build input "x": expected ${dtype} [${
      shape.join(", ")
    }], found ${given.found}`,
  });
});

Deno.test("parseNestedValues() refuses a shape that only the first row has, before it takes memory", () => {
  const wide = new Array(100_000).fill(0);
  const rows = [wide, ...new Array(100_000).fill([0])];
  throws(() => parseNestedValues(rows, spec("float64", ["N", "M"])), /unequal length/);
});

Deno.test("parseNestedValues() refuses a million brackets without running out of stack", () => {
  let deep: unknown[] = [];
  for (let i = 0; i < 1_000_000; i++) deep = [deep];
  throws(() => parseNestedValues(deep, spec("float32", ["N", 3])), /more than 2 dimensions/);
});
