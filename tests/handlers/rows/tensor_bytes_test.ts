import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import type { TensorDtype } from "marina";
import { describeModel } from "../../../handlers/rows/mod.ts";
import { parseTensorBytes } from "../../../handlers/rows/tensor_bytes.ts";

function spec(dtype: TensorDtype, shape: readonly (number | string)[]) {
  return describeModel({ inputs: [{ name: "x", dtype, shape }], outputs: [] }).inputs[0]!;
}

const SIX = new Uint8Array(Float32Array.of(1, 2, 3, 4, 5, 6).buffer);

Deno.test("parseTensorBytes() makes as many rows as the bytes hold", () => {
  const { tensor, isSingleRow } = parseTensorBytes(SIX, spec("float32", ["N", 3]));
  deepStrictEqual(tensor.shape, [2, 3]);
  deepStrictEqual(tensor.data, Float32Array.of(1, 2, 3, 4, 5, 6));
  strictEqual(isSingleRow, false);
  strictEqual(parseTensorBytes(SIX, spec("float32", ["N", 6])).isSingleRow, true);
});

Deno.test("parseTensorBytes() shares memory with aligned bytes and copies others", () => {
  strictEqual(
    (parseTensorBytes(SIX, spec("float32", ["N", 6])).tensor.data as Float32Array).buffer,
    SIX.buffer,
  );
  const shifted = new Uint8Array(25);
  shifted.set(SIX, 1);
  const { tensor } = parseTensorBytes(shifted.subarray(1), spec("float32", ["N", 6]));
  deepStrictEqual(tensor.data, Float32Array.of(1, 2, 3, 4, 5, 6));
});

Deno.test("parseTensorBytes() takes an input without rows whole", () => {
  const { tensor, isSingleRow } = parseTensorBytes(SIX, spec("float32", [2, 3]));
  deepStrictEqual(tensor.shape, [2, 3]);
  strictEqual(isSingleRow, false);
});

Deno.test("parseTensorBytes() takes bytes for a string input as one text", () => {
  const bytes = new TextEncoder().encode("grüß");
  deepStrictEqual(parseTensorBytes(bytes, spec("string", ["N", 1])).tensor.data, ["grüß"]);
});

Deno.test.each([
  { title: "half a row", dtype: "float32", shape: ["N", 4], found: "24 bytes (it takes 16 a row)" },
  {
    title: "too many bytes",
    dtype: "float32",
    shape: [1, 4],
    found: "24 bytes (it takes 16 a row)",
  },
  { title: "two of a kind", dtype: "float32", shape: [3], found: "24 bytes (it takes 12 in all)" },
  {
    title: "a free dimension",
    dtype: "float32",
    shape: ["N", "T"],
    found: "24 bytes, which do not tell the free dimensions",
  },
  { title: "booleans that are neither", dtype: "bool", shape: ["N"], found: "byte 128 at 2" },
  {
    title: "text that is not UTF-8",
    dtype: "string",
    shape: ["N"],
    found: "24 bytes that are not UTF-8",
  },
])("parseTensorBytes() refuses $title", ({ dtype, shape, found }) => {
  throws(() => parseTensorBytes(SIX, spec(dtype as TensorDtype, shape)), {
    errorCode: 400,
    message: `Cannot build input "x": expected ${dtype} [${shape.join(", ")}], found ${found}`,
  });
});

Deno.test("parseTensorBytes() refuses an empty body", () => {
  throws(() => parseTensorBytes(new Uint8Array(0), spec("uint8", ["N", 3])), /found 0 bytes/);
});
