/** A tensor's description in the Open Inference Protocol's words. */
export interface OpenInferenceTensor {
  readonly name: string;
  readonly datatype: string;
  /** −1 for a dimension that is free. */
  readonly shape: readonly number[];
}

const DATATYPE_BY_DTYPE: Readonly<Record<string, string>> = {
  bool: "BOOL",
  float16: "FP16",
  float32: "FP32",
  float64: "FP64",
  int8: "INT8",
  int16: "INT16",
  int32: "INT32",
  int64: "INT64",
  string: "BYTES",
  uint8: "UINT8",
  uint16: "UINT16",
  uint32: "UINT32",
  uint64: "UINT64",
};

/**
 * What a handler says of its inputs or outputs, for the protocol's metadata. A handler may say anything:
 * what is not a tensor's description (`name`, `dtype`, `shape`) is left out.
 *
 * @example
 * ```ts
 * import { deepStrictEqual } from "node:assert";
 * import { toOpenInferenceTensors } from "./_open_inference_tensors.ts";
 *
 * deepStrictEqual(toOpenInferenceTensors([{ name: "x", dtype: "float32", shape: ["N", 4] }]), [
 *   { name: "x", datatype: "FP32", shape: [-1, 4] },
 * ]);
 * ```
 *
 * @param described `inputs` or `outputs` of a handler's description, not trusted.
 */
export function toOpenInferenceTensors(described: unknown): OpenInferenceTensor[] {
  if (!Array.isArray(described)) return [];
  return described.flatMap((info: Readonly<Record<string, unknown>> | null) => {
    const { name, dtype, shape } = info ?? {};
    const datatype = DATATYPE_BY_DTYPE[String(dtype)];
    if (typeof name !== "string" || datatype === undefined || !Array.isArray(shape)) return [];
    const sizes = shape.map((size: unknown) => typeof size === "number" ? size : -1);
    return [{ name, datatype, shape: sizes }];
  });
}
