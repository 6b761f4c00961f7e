import type { Tensor } from "../tensor.ts";
import { WRITER_BY_DTYPE } from "./_element_writers.ts";
import { createInputError } from "./_input_error.ts";
import type { InputSpec } from "./input_spec.ts";
import { allocateData } from "./tensor_data.ts";

/** A request's tensor for one input. */
export interface InputTensor {
  readonly tensor: Tensor;
  /** True if the request gave one row without the axis that counts rows. */
  readonly isSingleRow: boolean;
}

/**
 * Turns a nested array, as JSON has it, into the tensor of one input.
 *
 * Of the input's rank it is several rows; of one rank less it is one row, and the tensor gets an axis of length
 * 1 in front. An input that has no rows takes its own rank alone. Numbers must be finite and fit the type;
 * nothing is rounded but fractions to their float type. 64-bit integers may be strings of digits, because JSON
 * numbers beyond 2^53 have lost digits before they arrive here.
 *
 * The whole structure is checked before memory is taken, so memory is in proportion to what was sent, and
 * depth costs no stack. `value` is not modified.
 *
 * @throws {PredictionException} 400 if rank, shape, evenness or an element does not fit; the message names the
 * input, the expected type and shape, and what was found where.
 */
export function parseNestedValues(value: unknown, spec: InputSpec): InputTensor {
  const rank = spec.shape.length;
  const dims: number[] = [];
  let first = value;
  while (Array.isArray(first)) {
    if (dims.length === rank) {
      throw createInputError(spec, `an array of more than ${rank} dimensions`);
    }
    dims.push(first.length);
    first = first[0];
  }
  const isSingleRow = spec.rowAxis !== "none" && dims.length === rank - 1;
  const shape = isSingleRow ? [1, ...dims] : dims;
  if (!fits(shape, spec)) throw createInputError(spec, describeFound(dims, first));

  const innermost = listInnermost(value, dims, spec);
  const length = dims.length === 0 ? 1 : dims[dims.length - 1]!;
  const data = allocateData(spec.dtype, innermost.length * length);
  const write = WRITER_BY_DTYPE[spec.dtype];
  for (let i = 0; i < innermost.length; i++) {
    const bad = write(data, i * length, innermost[i]!);
    if (bad >= 0) throw createElementError(spec, dims, i * length + bad, innermost[i]![bad]);
  }
  return { tensor: { dtype: spec.dtype, shape, data }, isSingleRow };
}

function fits(shape: readonly number[], spec: InputSpec): boolean {
  if (shape.length !== spec.shape.length) return false;
  for (let i = 0; i < shape.length; i++) {
    const wanted = spec.shape[i]!;
    if (shape[i] === 0) return false;
    if (i === 0 && spec.rowAxis !== "none") continue;
    if (typeof wanted === "number" && wanted !== shape[i]) return false;
  }
  return true;
}

/** The arrays that hold the elements, in order; each is proven to be as long as `dims` says. */
function listInnermost(value: unknown, dims: readonly number[], spec: InputSpec): unknown[][] {
  if (dims.length === 0) return [[value]];
  let arrays = [value as unknown[]];
  for (let axis = 1; axis < dims.length; axis++) {
    const wanted = dims[axis]!;
    const inner: unknown[][] = [];
    for (const array of arrays) {
      for (const child of array) {
        if (!Array.isArray(child) || child.length !== wanted) {
          const at = formatIndex(inner.length, dims.slice(0, axis));
          const found = Array.isArray(child) ? `length ${child.length}` : describe(child);
          throw createInputError(
            spec,
            `rows of unequal length: ${found} at ${at}, ${wanted} before`,
          );
        }
        inner.push(child);
      }
    }
    arrays = inner;
  }
  return arrays;
}

function createElementError(
  spec: InputSpec,
  dims: readonly number[],
  flatIndex: number,
  element: unknown,
) {
  const hint = spec.dtype.endsWith("int64") && typeof element === "number" &&
      Number.isInteger(element)
    ? "; write integers beyond 2^53 - 1 as strings"
    : "";
  const place = dims.length === 0 ? "" : ` at ${formatIndex(flatIndex, dims)}`;
  return createInputError(spec, `${describe(element)}${place}${hint}`);
}

function describeFound(dims: readonly number[], first: unknown): string {
  return dims.includes(0)
    ? `an empty array [${dims.join(", ")}]`
    : dims.length === 0
    ? describe(first)
    : `${nameType(first)} [${dims.join(", ")}]`;
}

/** Numbers as they are, anything that a client may have made long by its kind. */
function describe(value: unknown): string {
  return typeof value === "number" ? String(value) : nameType(value);
}

function nameType(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

function formatIndex(flatIndex: number, dims: readonly number[]): string {
  const path: number[] = [];
  for (let axis = dims.length - 1, rest = flatIndex; axis >= 0; axis--) {
    path.unshift(rest % dims[axis]!);
    rest = Math.floor(rest / dims[axis]!);
  }
  return `[${path.join(", ")}]`;
}
