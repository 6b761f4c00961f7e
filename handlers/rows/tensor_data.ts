import type { Tensor, TensorData, TensorDtype } from "../tensor.ts";

const ARRAY_BY_DTYPE = {
  float16: Uint16Array,
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
} as const satisfies Record<Exclude<TensorDtype, "string">, unknown>;

/** Bytes of one element. */
export function getElementBytes(dtype: Exclude<TensorDtype, "string">): number {
  return ARRAY_BY_DTYPE[dtype].BYTES_PER_ELEMENT;
}

/** Room for `length` elements, all 0 (or `""`). */
export function allocateData(dtype: TensorDtype, length: number): TensorData {
  return dtype === "string" ? new Array(length).fill("") : new ARRAY_BY_DTYPE[dtype](length);
}

/** Sees little-endian bytes as elements; they are copied only where their place in memory demands it. */
export function viewBytes(bytes: Uint8Array, dtype: Exclude<TensorDtype, "string">): TensorData {
  const View = ARRAY_BY_DTYPE[dtype];
  const { buffer, byteOffset, length } = byteOffsetFits(bytes, View.BYTES_PER_ELEMENT)
    ? bytes
    : bytes.slice();
  return new View(buffer as ArrayBuffer, byteOffset, length / View.BYTES_PER_ELEMENT);
}

function byteOffsetFits(bytes: Uint8Array, elementBytes: number): boolean {
  return bytes.byteOffset % elementBytes === 0;
}

/** Rows `start` to `end` of a tensor; typed arrays share their memory with it. */
export function sliceRows(tensor: Tensor, start: number, end: number): Tensor {
  const { dtype, shape, data } = tensor;
  if (start === 0 && end === shape[0]) return tensor;
  const rowLength = shape[0] === 0 ? 0 : data.length / shape[0]!;
  const from = start * rowLength, to = end * rowLength;
  return {
    dtype,
    shape: [end - start, ...shape.slice(1)],
    data: Array.isArray(data) ? data.slice(from, to) : data.subarray(from, to),
  };
}

/** Puts tensors of one dtype and one row shape under each other. */
export function concatRows(tensors: readonly Tensor[]): Tensor {
  const first = tensors[0]!;
  if (tensors.length === 1) return first;
  let rows = 0, length = 0;
  for (const { shape, data } of tensors) {
    rows += shape[0]!;
    length += data.length;
  }
  const shape = [rows, ...first.shape.slice(1)];
  if (first.dtype === "string") {
    return { dtype: "string", shape, data: tensors.flatMap(({ data }) => data as string[]) };
  }
  const data = allocateData(first.dtype, length) as Float32Array;
  let at = 0;
  for (const tensor of tensors) {
    data.set(tensor.data as Float32Array, at);
    at += tensor.data.length;
  }
  return { dtype: first.dtype, shape, data };
}

/** True if both may lie in one tensor, one under the other. */
export function haveSameRowShape(a: Tensor, b: Tensor): boolean {
  if (a.dtype !== b.dtype || a.shape.length !== b.shape.length || a.shape.length === 0) {
    return false;
  }
  for (let i = 1; i < a.shape.length; i++) if (a.shape[i] !== b.shape[i]) return false;
  return true;
}
