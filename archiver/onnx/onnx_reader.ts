import { MAX_NAME_BYTES, type OnnxValue, readValueInfo } from "./onnx_types.ts";
import {
  ProtobufError,
  type ProtobufField,
  type ProtobufInput,
  ProtobufReader,
} from "./protobuf_reader.ts";
import { ArchiveError } from "../errors.ts";

export type { OnnxValue } from "./onnx_types.ts";

/** No path that a file system takes is longer. */
const MAX_LOCATION_BYTES = 4096;
/** A metadata value beyond this is shown by its size alone. */
const MAX_METADATA_BYTES = 64 * 1024;
/** Of inputs, outputs, operator sets, metadata and external files, each. */
const MAX_LISTED = 100_000;

/** What an ONNX model says about itself. */
export interface OnnxSummary {
  readonly irVersion: number;
  readonly producerName: string;
  readonly producerVersion: string;
  readonly domain: string;
  readonly modelVersion: number;
  readonly graphName: string;
  /** `""` is ONNX's own domain. */
  readonly opsets: readonly { readonly domain: string; readonly version: number }[];
  /** Without those that repeat an initializer, which need not be given. */
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly metadata: readonly { readonly key: string; readonly value: string }[];
  /**
   * Every place outside the model's own bytes that any of its tensors is read from, as the model
   * writes it, each once.
   */
  readonly externalFiles: readonly string[];
}

/**
 * Reads the head of an ONNX file, however large it is: weights are jumped over.
 *
 * @throws {ArchiveError} `onnx_invalid` if it is not an ONNX protobuf.
 */
export async function readOnnxModel(path: string): Promise<OnnxSummary> {
  using file = await Deno.open(path);
  const size = (await file.stat()).size;
  return await readOnnx({
    async read(length) {
      const bytes = new Uint8Array(length);
      return bytes.subarray(0, await file.read(bytes) ?? 0);
    },
    async skip(length) {
      const from = await file.seek(0, Deno.SeekMode.Current);
      return await file.seek(Math.min(from + length, size), Deno.SeekMode.Start) - from;
    },
  }, path);
}

/**
 * Reads the head of an ONNX file that comes as a stream.
 *
 * @param chunks All of the file; always read to their end.
 * @param name For messages.
 * @throws {ArchiveError} `onnx_invalid` if it is not an ONNX protobuf.
 */
export async function readOnnxChunks(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
): Promise<OnnxSummary> {
  const iterator = chunks[Symbol.asyncIterator]();
  let chunk: Uint8Array = new Uint8Array(0);
  const take = async (length: number): Promise<Uint8Array> => {
    while (chunk.length === 0) {
      const next = await iterator.next();
      if (next.done) return chunk;
      chunk = next.value;
    }
    const taken = chunk.subarray(0, length);
    chunk = chunk.subarray(length);
    return taken;
  };
  const skip = async (length: number): Promise<number> => {
    let skipped = 0;
    while (skipped < length) {
      const part = await take(length - skipped);
      if (part.length === 0) break;
      skipped += part.length;
    }
    return skipped;
  };
  try {
    return await readOnnx({ read: take, skip }, name);
  } finally {
    await skip(Infinity);
  }
}

async function readOnnx(input: ProtobufInput, name: string): Promise<OnnxSummary> {
  try {
    return await new OnnxReader(new ProtobufReader(input)).read();
  } catch (cause) {
    if (!(cause instanceof ProtobufError)) throw cause;
    throw new ArchiveError(
      "onnx_invalid",
      `Cannot read ${JSON.stringify(name)}: it is not an ONNX model, ${cause.message}`,
      { cause },
    );
  }
}

/** Field numbers are those of onnx.proto, IR version 13. */
class OnnxReader {
  readonly #reader: ProtobufReader;
  readonly #externalFiles = new Set<string>();
  readonly #initializers = new Set<string>();
  readonly #opsets: { domain: string; version: number }[] = [];
  readonly #inputs: OnnxValue[] = [];
  readonly #outputs: OnnxValue[] = [];
  readonly #metadata: { key: string; value: string }[] = [];
  #hasGraph = false;

  constructor(reader: ProtobufReader) {
    this.#reader = reader;
  }

  /** `ModelProto`. */
  async read(): Promise<OnnxSummary> {
    const texts = { producerName: "", producerVersion: "", domain: "", graphName: "" };
    let irVersion = 0;
    let modelVersion = 0;
    await this.#reader.readTop(async (field) => {
      if (field.wire === 0) {
        if (field.number === 1) irVersion = field.value;
        if (field.number === 5) modelVersion = field.value;
      }
      if (field.wire !== 2) return;
      switch (field.number) {
        case 2:
          texts.producerName = await this.#name(field);
          break;
        case 3:
          texts.producerVersion = await this.#name(field);
          break;
        case 4:
          texts.domain = await this.#name(field);
          break;
        case 7:
          this.#hasGraph = true;
          await this.#readGraph(field, (name) => texts.graphName = name);
          break;
        case 8:
          await this.#readOpset(field);
          break;
        case 14:
          await this.#readMetadata(field);
          break;
        case 20: // TrainingInfoProto: initialization, algorithm
          await this.#readParts(field, { 1: this.#readInnerGraph, 2: this.#readInnerGraph });
          break;
        case 25: // FunctionProto: node, attribute_proto
          await this.#readParts(field, { 7: this.#readNode, 11: this.#readAttribute });
          break;
      }
    });
    if (!this.#hasGraph) throw new ProtobufError("it holds no graph");
    return {
      irVersion,
      modelVersion,
      ...texts,
      opsets: this.#opsets,
      inputs: this.#inputs.filter((input) => !this.#initializers.has(input.name)),
      outputs: this.#outputs,
      metadata: this.#metadata,
      externalFiles: [...this.#externalFiles],
    };
  }

  /** The model's own `GraphProto`. */
  async #readGraph(field: ProtobufField, setName: (name: string) => void): Promise<void> {
    await this.#reader.readMessage(field, async (inner) => {
      if (inner.wire !== 2) return;
      switch (inner.number) {
        case 2:
          setName(await this.#name(inner));
          break;
        case 5:
          await this.#readTensor(inner, (name) => this.#initializers.add(name));
          break;
        case 11:
          push(this.#inputs, await readValueInfo(this.#reader, inner));
          break;
        case 12:
          push(this.#outputs, await readValueInfo(this.#reader, inner));
          break;
        case 15:
          await this.#readSparseTensor(inner, (name) => this.#initializers.add(name));
          break;
        default:
          await this.#readGraphPart(inner);
      }
    });
  }

  /** A branch or a loop's body: only its tensors matter. */
  #readInnerGraph = async (field: ProtobufField): Promise<void> => {
    await this.#reader.readMessage(field, (inner) => this.#readGraphPart(inner));
  };

  async #readGraphPart(field: ProtobufField): Promise<void> {
    if (field.wire !== 2) return;
    if (field.number === 1) await this.#readNode(field);
    if (field.number === 5) await this.#readTensor(field);
    if (field.number === 15) await this.#readSparseTensor(field);
  }

  #readNode = (field: ProtobufField): Promise<void> =>
    this.#readParts(field, { 5: this.#readAttribute });

  /** `AttributeProto`: t, g, tensors, graphs, sparse_tensor, sparse_tensors. */
  #readAttribute = (field: ProtobufField): Promise<void> =>
    this.#readParts(field, {
      5: this.#readInnerTensor,
      6: this.#readInnerGraph,
      10: this.#readInnerTensor,
      11: this.#readInnerGraph,
      22: this.#readInnerSparseTensor,
      23: this.#readInnerSparseTensor,
    });

  #readInnerTensor = (field: ProtobufField): Promise<void> => this.#readTensor(field);
  #readInnerSparseTensor = (field: ProtobufField): Promise<void> => this.#readSparseTensor(field);

  /** `SparseTensorProto`: values (whose name is the sparse tensor's), indices. */
  async #readSparseTensor(field: ProtobufField, onName?: (name: string) => void): Promise<void> {
    await this.#readParts(field, {
      1: (inner) => this.#readTensor(inner, onName),
      2: this.#readInnerTensor,
    });
  }

  /** `TensorProto`: name, external_data; the data itself is jumped over. */
  async #readTensor(field: ProtobufField, onName?: (name: string) => void): Promise<void> {
    await this.#readParts(field, {
      8: async (inner) => onName?.(await this.#name(inner)),
      13: async (inner) => {
        const keys: string[] = [];
        const values: string[] = [];
        await this.#readParts(inner, {
          1: async (part) => void keys.push(await this.#reader.readText(part, MAX_LOCATION_BYTES)),
          2: async (part) =>
            void values.push(await this.#reader.readText(part, MAX_LOCATION_BYTES)),
        });
        // A field given twice counts once, which one depends on the reader: take all.
        if (!keys.includes("location")) return;
        for (const value of values) this.#externalFiles.add(value);
        if (this.#externalFiles.size > MAX_LISTED) throw tooMany();
      },
    });
  }

  async #readOpset(field: ProtobufField): Promise<void> {
    let domain = "";
    let version = 0;
    await this.#reader.readMessage(field, async (inner) => {
      if (inner.number === 1 && inner.wire === 2) domain = await this.#name(inner);
      if (inner.number === 2 && inner.wire === 0) version = inner.value;
    });
    push(this.#opsets, { domain, version });
  }

  async #readMetadata(field: ProtobufField): Promise<void> {
    let key = "";
    let value = "";
    await this.#readParts(field, {
      1: async (inner) => {
        key = await this.#name(inner);
      },
      2: async (inner) => {
        value = inner.length > MAX_METADATA_BYTES
          ? `(${inner.length} bytes)`
          : await this.#reader.readText(inner, MAX_METADATA_BYTES);
      },
    });
    push(this.#metadata, { key, value });
  }

  /** Visits the length-delimited fields of these numbers, and jumps over all others. */
  async #readParts(
    field: ProtobufField,
    readByNumber: Readonly<Record<number, (inner: ProtobufField) => Promise<void>>>,
  ): Promise<void> {
    await this.#reader.readMessage(
      field,
      (inner) => inner.wire === 2 ? readByNumber[inner.number]?.(inner) : undefined,
    );
  }

  #name(field: ProtobufField): Promise<string> {
    return this.#reader.readText(field, MAX_NAME_BYTES);
  }
}

function push<T>(list: T[], item: T): void {
  if (list.length >= MAX_LISTED) throw tooMany();
  list.push(item);
}

function tooMany(): ProtobufError {
  return new ProtobufError(`it lists more than ${MAX_LISTED} of a kind`);
}
