/** The elements of a V2 tensor that came as JSON. */
import { PredictionException } from "../../../handlers/mod.ts";
import { type JsonObject, nameValue } from "./envelope_body.ts";

/** Dimensions that a tensor may have; the format of models allows for no more in practice. */
const MAX_RANK = 32;

/** What an element of each datatype is in JSON; FP16 and BF16 have numbers only by courtesy. */
const ELEMENT_BY_DATATYPE: Readonly<Record<string, "boolean" | "integer" | "number" | "string">> = {
  BOOL: "boolean",
  INT8: "integer",
  INT16: "integer",
  INT32: "integer",
  INT64: "integer",
  UINT8: "integer",
  UINT16: "integer",
  UINT32: "integer",
  UINT64: "integer",
  FP16: "number",
  FP32: "number",
  FP64: "number",
  BYTES: "string",
};

/** A tensor's elements in row-major order, as many as its shape says. */
export interface TensorElements {
  readonly elements: readonly unknown[];
  readonly shape: readonly number[];
}

/**
 * Reads `data`, flat or nested. Integers of INT64 and UINT64 that a double cannot hold stay `bigint`s.
 *
 * @param name For messages.
 * @throws {PredictionException} 400, naming the tensor, if datatype, shape, number or kind of elements is
 * not as it must be.
 */
export function readTensorElements(name: string, tensor: JsonObject): TensorElements {
  const { datatype, shape, data } = tensor;
  const kind = typeof datatype === "string" ? ELEMENT_BY_DATATYPE[datatype] : undefined;
  if (kind === undefined) {
    const known = Object.keys(ELEMENT_BY_DATATYPE).join(", ");
    throw refuse(name, `"datatype" must be one of ${known}, found ${quote(datatype)}`);
  }
  if (!isShape(shape)) {
    throw refuse(
      name,
      `"shape" must be an array of at most ${MAX_RANK} whole numbers, found ${nameValue(shape)}`,
    );
  }
  if (!Array.isArray(data)) throw refuse(name, `"data" must be an array, found ${nameValue(data)}`);
  const elements: unknown[] = data.flat(Math.max(1, shape.length));
  const wanted = shape.reduce((product, size) => product * size, 1);
  if (elements.length !== wanted || wanted === 0) {
    throw refuse(
      name,
      `"data" must hold the ${wanted} elements of shape [${shape}], found ${elements.length}`,
    );
  }
  const isWide = datatype === "INT64" || datatype === "UINT64";
  for (let i = 0; i < elements.length; i++) {
    let element = elements[i];
    if (typeof element === "bigint" && !isWide) elements[i] = element = Number(element);
    if (!isElement(element, kind)) {
      throw refuse(
        name,
        `"data" of ${datatype} must hold ${kind}s, found ${nameValue(element)} at ${i}`,
      );
    }
  }
  return { elements, shape };
}

/** Row-major elements as nested arrays of this shape; the one element itself for `[]`. */
export function nestElements(elements: readonly unknown[], shape: readonly number[]): unknown {
  if (shape.length === 0) return elements[0];
  let level = elements;
  for (let axis = shape.length - 1; axis > 0; axis--) {
    const size = shape[axis]!;
    const groups: unknown[] = [];
    for (let start = 0; start < level.length; start += size) {
      groups.push(level.slice(start, start + size));
    }
    level = groups;
  }
  return level;
}

function isElement(value: unknown, kind: "boolean" | "integer" | "number" | "string"): boolean {
  switch (kind) {
    case "integer":
      return typeof value === "bigint" || Number.isInteger(value);
    case "number":
      return typeof value === "number";
    case "boolean":
      return typeof value === "boolean";
    case "string":
      return typeof value === "string";
  }
}

function isShape(shape: unknown): shape is number[] {
  return Array.isArray(shape) && shape.length <= MAX_RANK &&
    shape.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function quote(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value.slice(0, 64)) : nameValue(value);
}

function refuse(name: string, text: string): PredictionException {
  return new PredictionException(
    `Cannot read tensor ${JSON.stringify(name.slice(0, 128))}: ${text}`,
    400,
  );
}
