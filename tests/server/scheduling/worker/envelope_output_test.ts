import { deepStrictEqual } from "node:assert/strict";
import { nestElements } from "../../../../server/scheduling/worker/envelope_elements.ts";
import { toOutputTensor } from "../../../../server/scheduling/worker/envelope_output.ts";

Deno.test.each([
  { result: [[1, 2], [3, 4]], datatype: "INT64", size: 4 },
  { result: [[1, 2.5]], datatype: "FP64", size: 2 },
  { result: 7, datatype: "INT64", size: 1 },
  { result: [], datatype: "FP64", size: 0 },
  { result: [true, false], datatype: "BOOL", size: 2 },
  { result: ["a", "b"], datatype: "BYTES", size: 2 },
  { result: { tabby: 0.5 }, datatype: "BYTES", size: 1 },
  { result: [1n, 2], datatype: "INT64", size: 2 },
  { result: [2n ** 64n - 1n], datatype: "UINT64", size: 1 },
  { result: Float32Array.of(1, 2, 3), datatype: "FP32", size: 3 },
  { result: Uint8Array.of(1), datatype: "UINT8", size: 1 },
])(
  "toOutputTensor() calls $result $datatype, with $size elements",
  ({ result, datatype, size }) => {
    const output = toOutputTensor("x", result, { areWholesFloats: false });
    deepStrictEqual([output.datatype, output.shape], [datatype, [size]]);
    deepStrictEqual(Object.keys(output), ["name", "datatype", "data", "shape"]);
  },
);

Deno.test("toOutputTensor() calls whole numbers of a float model FP64, as Python's 1.0 is", () => {
  const typing = { areWholesFloats: true };
  deepStrictEqual(toOutputTensor("x", [1, 2], typing).datatype, "FP64");
  deepStrictEqual(toOutputTensor("x", [1n], typing).datatype, "INT64");
  deepStrictEqual(toOutputTensor("x", [true], typing).datatype, "BOOL");
});

Deno.test("nestElements() nests in row-major order, a scalar not at all", () => {
  deepStrictEqual(nestElements([1, 2, 3, 4, 5, 6], [1, 2, 3]), [[[1, 2, 3], [4, 5, 6]]]);
  deepStrictEqual(nestElements([1, 2], [2]), [1, 2]);
  deepStrictEqual(nestElements([7], []), 7);
});
