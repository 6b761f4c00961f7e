/** Builds ONNX protobufs field by field, so that a test can put a tensor wherever it wants. */
import { concat, toBytes } from "./zip_builder.ts";

/** One encoded field, to be put into a message. */
export type ProtoField = Uint8Array;

/** A field of a number, a text, or of the fields of a message. */
export function field(
  number: number,
  value: number | string | Uint8Array | readonly ProtoField[],
): ProtoField {
  if (typeof value === "number") return concat([varint(number * 8), varint(value)]);
  const content = Array.isArray(value)
    ? concat(value as ProtoField[])
    : toBytes(value as string | Uint8Array);
  return concat([varint(number * 8 + 2), varint(content.length), content]);
}

export function message(...fields: ProtoField[]): Uint8Array<ArrayBuffer> {
  return concat(fields);
}

/** A model whose graph has these fields beside a node, one input and one output. */
export function buildOnnx(
  graphFields: readonly ProtoField[] = [],
  modelFields: readonly ProtoField[] = [],
): Uint8Array<ArrayBuffer> {
  return message(
    field(1, 8),
    field(2, "test"),
    field(7, [
      field(1, [field(1, "x"), field(2, "y"), field(4, "Relu")]),
      field(2, "graph"),
      ...graphFields,
      valueInfo(11, "x", 1, ["batch", 4]),
      valueInfo(12, "y", 1, ["batch", 4]),
    ]),
    field(8, [field(1, ""), field(2, 17)]),
    ...modelFields,
  );
}

/** The content of a `TensorProto` that lies in another file. */
export function externalTensor(location: string, name = "w"): readonly ProtoField[] {
  return [
    field(1, 4),
    field(2, 1),
    field(8, name),
    field(13, [field(1, "location"), field(2, location)]),
    field(14, 1),
  ];
}

/** `number` 11 is an input of a graph, 12 an output. */
export function valueInfo(
  number: number,
  name: string,
  dtype: number,
  shape: readonly (number | string)[],
): ProtoField {
  const dimensions = shape.map((size) => field(1, [field(typeof size === "number" ? 1 : 2, size)]));
  return field(number, [
    field(1, name),
    field(2, [field(1, [field(1, dtype), field(2, dimensions)])]),
  ]);
}

export function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? low + 128 : low);
  } while (rest > 0);
  return Uint8Array.from(bytes);
}
