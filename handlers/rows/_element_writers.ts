import type { TensorData, TensorDtype } from "../tensor.ts";

/**
 * Writes one innermost array into `data` from `offset` on and checks every element on the way.
 * Returns −1, or the place of the first element that does not fit.
 */
export type ElementWriter = (
  data: TensorData,
  offset: number,
  elements: readonly unknown[],
) => number;

/** The loops of the two commonest types stand on their own: shared code over several array types is slower. */
const writeFloat32: ElementWriter = (data, offset, elements) => {
  const out = data as Float32Array;
  for (let i = 0; i < elements.length; i++) {
    const value = elements[i];
    if (typeof value !== "number") return i;
    out[offset + i] = value;
    const stored = out[offset + i]!;
    if (stored - stored !== 0) return i;
  }
  return -1;
};

const writeFloat64: ElementWriter = (data, offset, elements) => {
  const out = data as Float64Array;
  for (let i = 0; i < elements.length; i++) {
    const value = elements[i];
    if (typeof value !== "number" || !Number.isFinite(value)) return i;
    out[offset + i] = value;
  }
  return -1;
};

const writeFloat16: ElementWriter = (data, offset, elements) => {
  const { buffer, byteOffset, length } = data as Uint16Array<ArrayBuffer>;
  const out = new Float16Array(buffer, byteOffset, length);
  for (let i = 0; i < elements.length; i++) {
    const value = elements[i];
    if (typeof value !== "number") return i;
    out[offset + i] = value;
    if (!Number.isFinite(out[offset + i])) return i;
  }
  return -1;
};

function createIntegerWriter(min: number, max: number): ElementWriter {
  return (data, offset, elements) => {
    const out = data as Int32Array;
    for (let i = 0; i < elements.length; i++) {
      const value = elements[i];
      if (typeof value !== "number" || !Number.isInteger(value)) return i;
      if (value < min || value > max) return i;
      out[offset + i] = value;
    }
    return -1;
  };
}

const INTEGER_REGEXP = /^-?[0-9]{1,20}$/;

function createBigIntWriter(min: bigint, max: bigint): ElementWriter {
  return (data, offset, elements) => {
    const out = data as BigInt64Array;
    for (let i = 0; i < elements.length; i++) {
      const element = elements[i];
      const value = typeof element === "number"
        ? Number.isSafeInteger(element) ? BigInt(element) : null
        : typeof element === "string"
        ? INTEGER_REGEXP.test(element) ? BigInt(element) : null
        : typeof element === "bigint"
        ? element
        : null;
      if (value === null || value < min || value > max) return i;
      out[offset + i] = value;
    }
    return -1;
  };
}

const writeBool: ElementWriter = (data, offset, elements) => {
  const out = data as Uint8Array;
  for (let i = 0; i < elements.length; i++) {
    const value = elements[i];
    if (typeof value !== "boolean") return i;
    out[offset + i] = value ? 1 : 0;
  }
  return -1;
};

const writeString: ElementWriter = (data, offset, elements) => {
  const out = data as string[];
  for (let i = 0; i < elements.length; i++) {
    const value = elements[i];
    if (typeof value !== "string") return i;
    out[offset + i] = value;
  }
  return -1;
};

export const WRITER_BY_DTYPE: Readonly<Record<TensorDtype, ElementWriter>> = {
  float16: writeFloat16,
  float32: writeFloat32,
  float64: writeFloat64,
  int8: createIntegerWriter(-128, 127),
  uint8: createIntegerWriter(0, 255),
  int16: createIntegerWriter(-32_768, 32_767),
  uint16: createIntegerWriter(0, 65_535),
  int32: createIntegerWriter(-2_147_483_648, 2_147_483_647),
  uint32: createIntegerWriter(0, 4_294_967_295),
  int64: createBigIntWriter(-(2n ** 63n), 2n ** 63n - 1n),
  uint64: createBigIntWriter(0n, 2n ** 64n - 1n),
  bool: writeBool,
  string: writeString,
};
