import type { Tensor, TensorData, TensorDtype } from "../tensor.ts";

type Element = number | bigint | boolean | string;
/** What JSON says of a tensor: nested arrays, or one element for a scalar. */
export type NestedOutput = Element | NestedOutput[];

/**
 * Turns a tensor into nested arrays for an answer.
 *
 * float16 and float32 elements are widened to double unchanged. 64-bit integers are numbers where a double
 * holds them exactly and `bigint` beyond; `bool` is true or false.
 *
 * @param tensor Not modified.
 * @param skipAxes How many axes, all of length 1, to leave out in front.
 */
export function toNestedOutput(tensor: Tensor, skipAxes = 0): NestedOutput {
  const { dtype, data } = tensor;
  const shape = skipAxes === 0 ? tensor.shape : tensor.shape.slice(skipAxes);
  const read = READER_BY_DTYPE[dtype] ?? readPlain;
  const values = dtype === "float16" ? viewHalves(data as Uint16Array) : data;
  if (shape.length === 0) return read(values, 0, 1)[0]!;
  return nest(values, shape, 0, 0, values.length, read);
}

type Values = TensorData | Float16Array;
type Reader = (values: Values, start: number, end: number) => Element[];

function nest(
  values: Values,
  shape: readonly number[],
  axis: number,
  start: number,
  end: number,
  read: Reader,
): NestedOutput[] {
  if (axis === shape.length - 1) return read(values, start, end);
  const count = shape[axis]!;
  const step = count === 0 ? 0 : (end - start) / count;
  const out = new Array<NestedOutput>(count);
  for (let i = 0; i < count; i++) {
    out[i] = nest(values, shape, axis + 1, start + i * step, start + (i + 1) * step, read);
  }
  return out;
}

/** A plain loop: `Array.from` walks an iterator and takes several times as long. */
const readPlain: Reader = (values, start, end) => {
  const out = new Array<Element>(end - start);
  for (let i = start; i < end; i++) out[i - start] = (values as Float32Array)[i]!;
  return out;
};

const readBigInt: Reader = (values, start, end) => {
  const out = new Array<Element>(end - start);
  for (let i = start; i < end; i++) {
    const value = (values as BigInt64Array)[i]!;
    const number = Number(value);
    out[i - start] = Number.isSafeInteger(number) ? number : value;
  }
  return out;
};

const readBool: Reader = (values, start, end) => {
  const out = new Array<Element>(end - start);
  for (let i = start; i < end; i++) out[i - start] = (values as Uint8Array)[i] !== 0;
  return out;
};

const READER_BY_DTYPE: Partial<Record<TensorDtype, Reader>> = {
  int64: readBigInt,
  uint64: readBigInt,
  bool: readBool,
};

function viewHalves(bits: Uint16Array): Float16Array {
  return new Float16Array(bits.buffer, bits.byteOffset, bits.length);
}
