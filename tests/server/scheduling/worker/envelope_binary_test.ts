import { deepStrictEqual, throws } from "node:assert/strict";
import { BinaryTensors } from "../../../../server/scheduling/worker/envelope_binary.ts";

const bytesOf = (array: ArrayBufferView<ArrayBuffer>): Uint8Array => new Uint8Array(array.buffer);

Deno.test.each([
  { datatype: "BOOL", bytes: Uint8Array.of(0, 1), data: [false, true] },
  { datatype: "INT8", bytes: bytesOf(Int8Array.of(-1, 2)), data: [-1, 2] },
  { datatype: "UINT8", bytes: Uint8Array.of(255, 2), data: [255, 2] },
  { datatype: "INT16", bytes: bytesOf(Int16Array.of(-300)), data: [-300] },
  { datatype: "UINT16", bytes: bytesOf(Uint16Array.of(65_535)), data: [65_535] },
  { datatype: "INT32", bytes: bytesOf(Int32Array.of(-70_000)), data: [-70_000] },
  { datatype: "UINT32", bytes: bytesOf(Uint32Array.of(4_294_967_295)), data: [4_294_967_295] },
  {
    datatype: "INT64",
    bytes: bytesOf(BigInt64Array.of(-5n, 9007199254740993n)),
    data: [-5, 9007199254740993n],
  },
  { datatype: "UINT64", bytes: bytesOf(BigUint64Array.of(7n)), data: [7] },
  { datatype: "FP16", bytes: Uint8Array.of(0x00, 0x38, 0x00, 0xc0), data: [0.5, -2] },
  { datatype: "FP32", bytes: bytesOf(Float32Array.of(0.5)), data: [0.5] },
  { datatype: "FP64", bytes: bytesOf(Float64Array.of(0.1)), data: [0.1] },
  {
    datatype: "BYTES",
    bytes: Uint8Array.of(2, 0, 0, 0, 104, 105, 0, 0, 0, 0),
    data: ["hi", ""],
  },
])("BinaryTensors.take() reads $datatype, little-endian", ({ datatype, bytes, data }) => {
  const tensors = new BinaryTensors(Uint8Array.of(...bytes));
  const size = bytes.length;
  const parameters = { binary_data_size: size, own: 1 };
  const taken = tensors.take("x", { datatype, parameters });
  deepStrictEqual(taken, { datatype, parameters: { own: 1 }, data });
  tensors.assertEmpty();
});

Deno.test("BinaryTensors.take() gives each tensor its own bytes, and leaves those with data alone", () => {
  const tensors = new BinaryTensors(Uint8Array.of(1, 2, 3));
  const sized = (size: number) => ({ datatype: "UINT8", parameters: { binary_data_size: size } });
  deepStrictEqual(tensors.take("a", sized(2)).data, [1, 2]);
  deepStrictEqual(tensors.take("b", { data: [9] }), { data: [9] });
  deepStrictEqual(tensors.take("c", sized(1)).data, [3]);
  throws(() => tensors.take("d", sized(1)), {
    errorCode: 400,
    message: 'Cannot read tensor "d": "binary_data_size" must be at most the 0 bytes that are left',
  });
});

Deno.test.each([
  { datatype: "FP32", bytes: [1, 2, 3], reason: "3 bytes are no FP32 elements" },
  { datatype: "BYTES", bytes: [2, 0, 0, 0, 104], reason: "its last element is cut off" },
  { datatype: "BYTES", bytes: [2, 0, 0], reason: "its last element is cut off" },
  { datatype: "BYTES", bytes: [1, 0, 0, 0, 255], reason: "element 0 of BYTES must be UTF-8 text" },
])("BinaryTensors.take() refuses $bytes as $datatype", ({ datatype, bytes, reason }) => {
  const tensors = new BinaryTensors(Uint8Array.from(bytes));
  const tensor = { datatype, parameters: { binary_data_size: bytes.length } };
  throws(() => tensors.take("x", tensor), {
    errorCode: 400,
    message: `Cannot read tensor "x": ${reason}`,
  });
});
