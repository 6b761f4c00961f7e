import type { FieldVisitor, ProtobufField, ProtobufReader } from "./protobuf_reader.ts";

/** Of a name, in bytes; real ones have below a hundred. */
export const MAX_NAME_BYTES = 16 * 1024;
/** Of a shape; onnxruntime's kernels take far fewer. */
const MAX_DIMENSIONS = 256;

/** ONNX's `TensorProto.DataType` to the names that the handlers use. */
const DTYPE_BY_NUMBER: Readonly<Record<number, string>> = {
  1: "float32",
  2: "uint8",
  3: "int8",
  4: "uint16",
  5: "int16",
  6: "int32",
  7: "int64",
  8: "string",
  9: "bool",
  10: "float16",
  11: "float64",
  12: "uint32",
  13: "uint64",
  14: "complex64",
  15: "complex128",
  16: "bfloat16",
  17: "float8e4m3fn",
  18: "float8e4m3fnuz",
  19: "float8e5m2",
  20: "float8e5m2fnuz",
  21: "uint4",
  22: "int4",
  23: "float4e2m1",
  24: "float8e8m0",
};

/** One input or output as a model declares it. */
export interface OnnxValue {
  readonly name: string;
  /** `float32`, …; of what is no tensor a description, as in `sequence(float32)`. */
  readonly dtype: string;
  /**
   * Outermost dimension first: a number is fixed, a text is the name of a free one (`""` when it
   * has none). Absent where the rank is unknown, and for what is no tensor.
   */
  readonly shape?: readonly (number | string)[];
}

/** Reads a `ValueInfoProto`. */
export async function readValueInfo(
  reader: ProtobufReader,
  field: ProtobufField,
): Promise<OnnxValue> {
  let name = "";
  let type: Omit<OnnxValue, "name"> = { dtype: "unknown" };
  await reader.readMessage(field, async (inner) => {
    if (inner.wire !== 2) return;
    if (inner.number === 1) name = await reader.readText(inner, MAX_NAME_BYTES);
    if (inner.number === 2) type = await readType(reader, inner);
  });
  return { name, ...type };
}

/** Reads a `TypeProto`. */
async function readType(
  reader: ProtobufReader,
  field: ProtobufField,
): Promise<Omit<OnnxValue, "name">> {
  let type: Omit<OnnxValue, "name"> = { dtype: "unknown" };
  await reader.readMessage(field, async (inner) => {
    if (inner.wire !== 2) return;
    switch (inner.number) {
      case 1:
        type = await readTensorType(reader, inner);
        break;
      case 4:
        type = { dtype: `sequence(${await readElementType(reader, inner, 1)})` };
        break;
      case 5:
        type = await readMapType(reader, inner);
        break;
      case 8:
        type = { dtype: `sparse(${(await readTensorType(reader, inner)).dtype})` };
        break;
      case 9:
        type = { dtype: `optional(${await readElementType(reader, inner, 1)})` };
        break;
    }
  });
  return type;
}

async function readTensorType(
  reader: ProtobufReader,
  field: ProtobufField,
): Promise<Omit<OnnxValue, "name">> {
  let dtype = "unknown";
  let shape: (number | string)[] | undefined;
  await reader.readMessage(field, async (inner) => {
    if (inner.number === 1 && inner.wire === 0) dtype = toDtype(inner.value);
    if (inner.number !== 2 || inner.wire !== 2) return;
    const dimensions: (number | string)[] = shape ??= [];
    await reader.readMessage(inner, async (part) => {
      if (part.number !== 1 || part.wire !== 2) return;
      const dimension = await readDimension(reader, part);
      if (dimensions.length < MAX_DIMENSIONS) dimensions.push(dimension);
    });
  });
  return shape === undefined ? { dtype } : { dtype, shape };
}

async function readDimension(
  reader: ProtobufReader,
  field: ProtobufField,
): Promise<number | string> {
  let dimension: number | string = "";
  const visit: FieldVisitor = async (inner) => {
    // A negative size is how some exporters write a free dimension.
    if (inner.number === 1 && inner.wire === 0) dimension = inner.value < 0 ? "" : inner.value;
    if (inner.number === 2 && inner.wire === 2) {
      dimension = await reader.readText(inner, MAX_NAME_BYTES);
    }
  };
  await reader.readMessage(field, visit);
  return dimension;
}

async function readMapType(
  reader: ProtobufReader,
  field: ProtobufField,
): Promise<Omit<OnnxValue, "name">> {
  let key = "unknown";
  let value = "unknown";
  await reader.readMessage(field, async (inner) => {
    if (inner.number === 1 && inner.wire === 0) key = toDtype(inner.value);
    if (inner.number === 2 && inner.wire === 2) value = (await readType(reader, inner)).dtype;
  });
  return { dtype: `map(${key}, ${value})` };
}

async function readElementType(
  reader: ProtobufReader,
  field: ProtobufField,
  number: number,
): Promise<string> {
  let dtype = "unknown";
  await reader.readMessage(field, async (inner) => {
    if (inner.number === number && inner.wire === 2) dtype = (await readType(reader, inner)).dtype;
  });
  return dtype;
}

function toDtype(number: number): string {
  return DTYPE_BY_NUMBER[number] ?? `type ${number}`;
}
