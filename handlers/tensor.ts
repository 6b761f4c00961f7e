/**
 * Tensors as handlers see them, and the session that turns them into other tensors.
 *
 * These are plain types of our own: a handler never receives the runtime's module, its tensors or its
 * session options, because some of those options write files behind the sandbox.
 */

/** Element types of a tensor, by the field's usual names. */
export type TensorDtype =
  | "float16"
  | "float32"
  | "float64"
  | "int8"
  | "uint8"
  | "int16"
  | "uint16"
  | "int32"
  | "uint32"
  | "int64"
  | "uint64"
  | "bool"
  | "string";

/**
 * The elements of a tensor in row-major order.
 *
 * | dtype | array |
 * | --- | --- |
 * | `float16` | `Uint16Array`, the raw IEEE 754 half bits |
 * | `float32`, `float64`, `int8` … `uint32` | the typed array of that name |
 * | `int64`, `uint64` | `BigInt64Array`, `BigUint64Array` |
 * | `bool` | `Uint8Array`, 0 or 1 |
 * | `string` | `string[]` |
 */
export type TensorData =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | string[];

/** A dense tensor: `data.length` is the product of `shape`. */
export interface Tensor {
  readonly dtype: TensorDtype;
  /** Outermost dimension first, every entry a whole number ≥ 0; `[]` is a scalar. */
  readonly shape: readonly number[];
  readonly data: TensorData;
}

/** What a model declares of one input or output. */
export interface TensorInfo {
  readonly name: string;
  readonly dtype: TensorDtype;
  /** A number is fixed; a string is the name of a free dimension (`""` when it has none). */
  readonly shape: readonly (number | string)[];
}

/** One loaded model. Who opened it releases it. */
export interface ModelSession {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  /** Runs the model once; the answer has one tensor for each of `outputs`. */
  run(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>>;
  /** Gives the model's memory back; a second call does nothing. */
  release(): Promise<void>;
}
