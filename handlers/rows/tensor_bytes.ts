import { createInputError } from "./_input_error.ts";
import type { InputSpec } from "./input_spec.ts";
import type { InputTensor } from "./nested_values.ts";
import { getElementBytes, viewBytes } from "./tensor_data.ts";

/**
 * Takes a raw body as the tensor of one input: little-endian elements in row-major order.
 *
 * As many rows as the bytes hold, which must be a whole number; the bytes of exactly one row are answered as a
 * single row. An input without rows takes exactly its own bytes. For strings the bytes are one UTF-8 text.
 * Elements are taken as they are, not-a-number included; only `bool` bytes must be 0 or 1.
 *
 * The tensor may share its memory with `bytes`.
 *
 * @throws {PredictionException} 400 if the number of bytes does not fit, or the shape has free dimensions
 * that bytes alone cannot tell.
 */
export function parseTensorBytes(bytes: Uint8Array, spec: InputSpec): InputTensor {
  const { dtype, rowAxis, rowElements } = spec;
  if (rowElements === null) {
    throw createInputError(spec, `${bytes.length} bytes, which do not tell the free dimensions`);
  }
  if (dtype === "string") {
    return parseText(bytes, spec);
  }
  const rowBytes = rowElements * getElementBytes(dtype);
  const rows = rowBytes === 0 ? 0 : bytes.length / rowBytes;
  if (rows < 1 || !Number.isInteger(rows) || (rowAxis === "none" && rows !== 1)) {
    const unit = rowAxis === "none" ? "in all" : "a row";
    throw createInputError(spec, `${bytes.length} bytes (it takes ${rowBytes} ${unit})`);
  }
  if (dtype === "bool") {
    const bad = bytes.findIndex((byte) => byte > 1);
    if (bad >= 0) throw createInputError(spec, `byte ${bytes[bad]} at ${bad}`);
  }
  const tensor = { dtype, shape: toShape(spec, rows), data: viewBytes(bytes, dtype) };
  return { tensor, isSingleRow: rowAxis !== "none" && rows === 1 };
}

function parseText(bytes: Uint8Array, spec: InputSpec): InputTensor {
  if (spec.rowElements !== 1) throw createInputError(spec, "one text");
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw createInputError(spec, `${bytes.length} bytes that are not UTF-8`);
  }
  const tensor = { dtype: "string" as const, shape: toShape(spec, 1), data: [text] };
  return { tensor, isSingleRow: spec.rowAxis !== "none" };
}

function toShape(spec: InputSpec, rows: number): number[] {
  const shape = spec.shape as readonly number[];
  return spec.rowAxis === "none" ? [...shape] : [rows, ...shape.slice(1)];
}
