import type { HandlerData } from "../context.ts";
import { PredictionException } from "../prediction_exception.ts";
import { pickRequestValue } from "../request_value.ts";
import type { Tensor } from "../tensor.ts";
import { createInputError } from "./_input_error.ts";
import type { InputSpec } from "./input_spec.ts";
import { type InputTensor, parseNestedValues } from "./nested_values.ts";
import { parseTensorBytes } from "./tensor_bytes.ts";

/** One request as the model takes it. */
export interface RequestInput {
  /** A tensor for each input of the model, by name. */
  readonly feeds: Readonly<Record<string, Tensor>>;
  /** True if the answer is the one row's output itself, not a list of rows. */
  readonly isSingleRow: boolean;
}

/**
 * Turns one request into the model's inputs, by their own names.
 *
 * | request | inputs |
 * | --- | --- |
 * | `body` (or field `data`), an array, number, string, bytes | the model's single input |
 * | `body` (or field `data`), an object | its members by name |
 * | a form | its fields by name |
 *
 * Bytes of a raw body are the tensor itself; a form's field may also hold JSON text. All inputs that have rows
 * must have equally many.
 *
 * @throws {PredictionException} 400 if an input is missing, unknown or does not fit.
 */
export function parseRequestInput(
  row: HandlerData,
  inputs: readonly InputSpec[],
): RequestInput {
  const only = inputs.length === 1 ? inputs[0]! : null;
  const value = pickRequestValue(row);
  if (value === undefined || (only === null && areInputs(row, inputs))) {
    return parseNamed(row, inputs, true);
  }
  if (isObject(value)) return parseNamed(value, inputs, false);
  if (only === null) {
    throw new PredictionException(
      `Cannot build the inputs: expected an object with ${listNames(inputs)}, found ${
        value instanceof Uint8Array ? `${value.length} bytes` : nameValue(value)
      }`,
      400,
    );
  }
  const isField = !Object.hasOwn(row, "body");
  const { tensor, isSingleRow } = parseValue(value, only, isField);
  return { feeds: { [only.name]: tensor }, isSingleRow };
}

function areInputs(row: HandlerData, inputs: readonly InputSpec[]): boolean {
  return Object.keys(row).every((key) => inputs.some(({ name }) => name === key));
}

function parseNamed(
  values: Readonly<Record<string, unknown>>,
  inputs: readonly InputSpec[],
  isForm: boolean,
): RequestInput {
  for (const key of Object.keys(values)) {
    if (inputs.some(({ name }) => name === key)) continue;
    throw new PredictionException(
      `Cannot build the inputs: expected ${listNames(inputs)}, found ${
        JSON.stringify(key.slice(0, 64))
      }`,
      400,
    );
  }
  const feeds: Record<string, Tensor> = {};
  let isSingleRow: boolean | undefined;
  let counted: { readonly name: string; readonly rows: number } | undefined;
  for (const spec of inputs) {
    if (!Object.hasOwn(values, spec.name)) throw createInputError(spec, "nothing");
    const parsed = parseValue(values[spec.name], spec, isForm);
    feeds[spec.name] = parsed.tensor;
    if (spec.rowAxis === "none") continue;
    isSingleRow = (isSingleRow ?? true) && parsed.isSingleRow;
    const rows = parsed.tensor.shape[0]!;
    if (counted !== undefined && counted.rows !== rows) {
      throw createInputError(
        spec,
        `${rows} rows where input ${JSON.stringify(counted.name)} has ${counted.rows}`,
      );
    }
    counted = { name: spec.name, rows };
  }
  return { feeds, isSingleRow: isSingleRow ?? false };
}

function parseValue(value: unknown, spec: InputSpec, isField: boolean): InputTensor {
  if (!(value instanceof Uint8Array)) return parseNestedValues(value, spec);
  const json = isField ? parseJsonField(value, spec) : undefined;
  return json === undefined ? parseTensorBytes(value, spec) : parseNestedValues(json, spec);
}

/** What JSON text can begin with, for an array or a number; for strings only an array is JSON. */
const JSON_START_REGEXP = /^\s*[[\-0-9tf]/;
const JSON_ARRAY_REGEXP = /^\s*\[/;

/** A form's plain fields come without a type: the value of JSON text, `undefined` for anything else. */
function parseJsonField(bytes: Uint8Array, spec: InputSpec): unknown {
  const start = String.fromCharCode(...bytes.subarray(0, 16));
  if (!(spec.dtype === "string" ? JSON_ARRAY_REGEXP : JSON_START_REGEXP).test(start)) {
    return undefined;
  }
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    !(value instanceof Uint8Array);
}

function nameValue(value: unknown): string {
  return value === null ? "null" : Array.isArray(value) ? "an array" : `a ${typeof value}`;
}

function listNames(inputs: readonly InputSpec[]): string {
  const shown = inputs.map(({ name, expected }) => `${JSON.stringify(name)} ${expected}`);
  return `${inputs.length === 1 ? "input" : "inputs"} ${shown.join(", ")}`;
}
