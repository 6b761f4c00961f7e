/**
 * The binary tensors of KServe's V2 protocol: a header says how long the JSON is, and the tensors' bytes
 * follow it in the order of `inputs`. Triton's clients send them so unless they are told otherwise.
 */
import {
  pickRequestValue,
  PredictionException,
  type RequestContext,
} from "../../../handlers/mod.ts";
import type { HandlerData } from "../../../handlers/mod.ts";
import { createEnvelopeError, type JsonObject } from "./envelope_body.ts";

const LENGTH_HEADER = "inference-header-content-length";

const decoder = new TextDecoder("utf-8", { fatal: true });

/** Reads the elements of one datatype; the array begins at its buffer's start. */
type ReadElements = (bytes: Uint8Array<ArrayBuffer>) => unknown[];

interface BinaryType {
  readonly elementBytes: number;
  readonly read: ReadElements;
}

/** Little-endian, as the protocol and every machine that runs this. */
const TYPE_BY_DATATYPE: Readonly<Record<string, BinaryType>> = {
  BOOL: { elementBytes: 1, read: (bytes) => Array.from(bytes, (byte) => byte !== 0) },
  INT8: { elementBytes: 1, read: ({ buffer }) => Array.from(new Int8Array(buffer)) },
  INT16: { elementBytes: 2, read: ({ buffer }) => Array.from(new Int16Array(buffer)) },
  INT32: { elementBytes: 4, read: ({ buffer }) => Array.from(new Int32Array(buffer)) },
  INT64: { elementBytes: 8, read: ({ buffer }) => readWide(new BigInt64Array(buffer)) },
  UINT8: { elementBytes: 1, read: (bytes) => Array.from(bytes) },
  UINT16: { elementBytes: 2, read: ({ buffer }) => Array.from(new Uint16Array(buffer)) },
  UINT32: { elementBytes: 4, read: ({ buffer }) => Array.from(new Uint32Array(buffer)) },
  UINT64: { elementBytes: 8, read: ({ buffer }) => readWide(new BigUint64Array(buffer)) },
  FP16: { elementBytes: 2, read: ({ buffer }) => Array.from(new Float16Array(buffer)) },
  FP32: { elementBytes: 4, read: ({ buffer }) => Array.from(new Float32Array(buffer)) },
  FP64: { elementBytes: 8, read: ({ buffer }) => Array.from(new Float64Array(buffer)) },
};

/** A request's JSON and what follows it. */
export interface BinaryRequest {
  readonly row: HandlerData;
  readonly tensors: BinaryTensors;
}

/**
 * Parts a request that has the header.
 *
 * @returns `undefined` if it has not: then all of its body is JSON.
 * @throws {PredictionException} 400 if the header is no length within the body.
 */
export function splitBinaryRequest(
  row: HandlerData,
  { headers }: RequestContext,
): BinaryRequest | undefined {
  const at = headers.findIndex((name, i) => i % 2 === 0 && name.toLowerCase() === LENGTH_HEADER);
  if (at < 0) return undefined;
  const sent = pickRequestValue(row);
  const length = /^\d{1,10}$/.test(headers[at + 1]!) ? Number(headers[at + 1]) : NaN;
  if (!(sent instanceof Uint8Array) || !(length <= sent.length)) {
    throw createEnvelopeError(`header "${LENGTH_HEADER}" must be the length of the body's JSON`);
  }
  return {
    row: { body: sent.subarray(0, length) },
    tensors: new BinaryTensors(sent.subarray(length)),
  };
}

/** The bytes after the JSON, taken tensor by tensor. */
export class BinaryTensors {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /**
   * The same tensor with its bytes as `data`; one that has no `binary_data_size` as it is.
   *
   * @throws {PredictionException} 400, naming the tensor, if there are too few bytes or they are no elements
   * of its datatype.
   */
  take(name: string, tensor: JsonObject): JsonObject {
    const { binary_data_size: size, ...parameters } = (tensor.parameters ?? {}) as JsonObject;
    if (size === undefined) return tensor;
    const left = this.#bytes.length - this.#offset;
    if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0 || size > left) {
      throw refuse(name, `"binary_data_size" must be at most the ${left} bytes that are left`);
    }
    const bytes = this.#bytes.slice(this.#offset, this.#offset + size) as Uint8Array<ArrayBuffer>;
    this.#offset += size;
    return { ...tensor, parameters, data: readElements(name, tensor.datatype, bytes) };
  }

  /** @throws {PredictionException} 400 if bytes are left that belong to no tensor. */
  assertEmpty(): void {
    const left = this.#bytes.length - this.#offset;
    if (left > 0) throw createEnvelopeError(`${left} bytes after the last tensor belong to none`);
  }
}

function readElements(
  name: string,
  datatype: unknown,
  bytes: Uint8Array<ArrayBuffer>,
): unknown[] {
  if (datatype === "BYTES") return readTexts(name, bytes);
  const type = typeof datatype === "string" && Object.hasOwn(TYPE_BY_DATATYPE, datatype)
    ? TYPE_BY_DATATYPE[datatype]
    : undefined;
  // Another datatype is refused with the tensor's other faults.
  if (type === undefined) return [];
  if (bytes.length % type.elementBytes !== 0) {
    throw refuse(name, `${bytes.length} bytes are no ${datatype} elements`);
  }
  return type.read(bytes);
}

/** Each with its length in front, four bytes; texts only, as in JSON. */
function readTexts(name: string, bytes: Uint8Array<ArrayBuffer>): string[] {
  const view = new DataView(bytes.buffer);
  const texts: string[] = [];
  for (let offset = 0; offset < bytes.length;) {
    const length = offset + 4 <= bytes.length ? view.getUint32(offset, true) : Infinity;
    const end = offset + 4 + length;
    if (end > bytes.length) throw refuse(name, "its last element is cut off");
    try {
      texts.push(decoder.decode(bytes.subarray(offset + 4, end)));
    } catch (cause) {
      throw refuse(name, `element ${texts.length} of BYTES must be UTF-8 text`, cause);
    }
    offset = end;
  }
  return texts;
}

/** Numbers where a double holds them. */
function readWide(values: BigInt64Array | BigUint64Array): (number | bigint)[] {
  return Array.from(values as BigInt64Array, (value) => {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  });
}

function refuse(name: string, text: string, cause?: unknown): PredictionException {
  return new PredictionException(
    `Cannot read tensor ${JSON.stringify(name.slice(0, 128))}: ${text}`,
    400,
    { cause },
  );
}
