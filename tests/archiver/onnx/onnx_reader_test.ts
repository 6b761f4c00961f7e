import { deepEqual, equal, rejects } from "node:assert/strict";
import {
  type OnnxSummary,
  readOnnxChunks,
  readOnnxModel,
} from "../../../archiver/onnx/onnx_reader.ts";
import {
  buildOnnx,
  externalTensor,
  field,
  message,
  type ProtoField,
  valueInfo,
  varint,
} from "../../support/onnx_builder.ts";
import { TempFolder } from "../../support/temp_folder.ts";
import { concat } from "../../support/zip_builder.ts";

/** From a file, and as a stream in chunks of 7 bytes: both must say the same. */
async function read(bytes: Uint8Array): Promise<OnnxSummary> {
  await using folder = await TempFolder.create();
  const fromFile = await readOnnxModel(await folder.write("m.onnx", bytes));
  deepEqual(await readOnnxChunks(inChunks(bytes, 7), "m.onnx"), fromFile);
  return fromFile;
}

async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

Deno.test("readOnnxModel() reads what PyTorch exported", async () => {
  const url = new URL("../../../examples/mnist/mnist.onnx", import.meta.url);
  const summary = await read(await Deno.readFile(url));
  equal(summary.irVersion, 8);
  equal(summary.producerName, "pytorch");
  deepEqual(summary.opsets, [{ domain: "", version: 17 }]);
  deepEqual(summary.inputs, [{ name: "image", dtype: "float32", shape: ["batch", 1, 28, 28] }]);
  deepEqual(summary.outputs, [{ name: "logits", dtype: "float32", shape: ["batch", 10] }]);
  deepEqual(summary.externalFiles, []);
});

Deno.test("readOnnxModel() leaves out inputs that repeat an initializer", async () => {
  const sparse = [field(1, [field(8, "s")])];
  const summary = await read(buildOnnx([
    field(5, [field(8, "w"), field(9, new Uint8Array(100_000))]),
    field(15, sparse),
    valueInfo(11, "w", 1, [2]),
    valueInfo(11, "s", 1, [2]),
    valueInfo(11, "ids", 7, []),
  ]));
  deepEqual(summary.inputs.map(({ name }) => name), ["ids", "x"]);
  deepEqual(summary.inputs[0], { name: "ids", dtype: "int64", shape: [] });
});

Deno.test("readOnnxModel() tells free, unnamed and unknown shapes, and what is no tensor", async () => {
  const tensor = (dtype: number) => field(1, [field(1, dtype)]);
  const type = (name: string, inner: ProtoField) => field(12, [field(1, name), field(2, [inner])]);
  const negative = concat([varint(8), new Uint8Array(9).fill(0xff), Uint8Array.of(1)]);
  const summary = await read(buildOnnx([
    field(12, [
      field(1, "free"),
      field(2, [field(1, [field(1, 10), field(2, [field(1, []), field(1, [negative])])])]),
    ]),
    type("norank", tensor(9)),
    type("list", field(4, [field(1, [tensor(1)])])),
    type("map", field(5, [field(1, 7), field(2, [tensor(1)])])),
    type("maybe", field(9, [field(1, [tensor(8)])])),
    type("sparse", field(8, [field(1, 11)])),
    type("new", tensor(99)),
  ]));
  deepEqual(summary.outputs.slice(0, -1), [
    { name: "free", dtype: "float16", shape: ["", ""] },
    { name: "norank", dtype: "bool" },
    { name: "list", dtype: "sequence(float32)" },
    { name: "map", dtype: "map(int64, float32)" },
    { name: "maybe", dtype: "optional(string)" },
    { name: "sparse", dtype: "sparse(float64)" },
    { name: "new", dtype: "type 99" },
  ]);
});

Deno.test("readOnnxModel() reads metadata, and shows only the size of what is huge", async () => {
  const { metadata } = await read(buildOnnx([], [
    field(14, [field(1, "author"), field(2, "me")]),
    field(14, [field(1, "vocabulary"), field(2, "x".repeat(100_000))]),
  ]));
  deepEqual(metadata, [
    { key: "author", value: "me" },
    { key: "vocabulary", value: "(100000 bytes)" },
  ]);
});

const W = externalTensor("w.bin");
const attribute = (number: number, value: readonly ProtoField[]) =>
  field(1, [field(5, [field(1, "a"), field(number, value)])]);

Deno.test.each([
  { where: "an initializer", graph: [field(5, W)], model: [] },
  { where: "a sparse initializer's values", graph: [field(15, [field(1, W)])], model: [] },
  { where: "a sparse initializer's indices", graph: [field(15, [field(2, W)])], model: [] },
  { where: "a constant", graph: [attribute(5, W)], model: [] },
  { where: "a list of constants", graph: [attribute(10, W)], model: [] },
  { where: "a sparse constant", graph: [attribute(22, [field(2, W)])], model: [] },
  { where: "a list of sparse constants", graph: [attribute(23, [field(1, W)])], model: [] },
  { where: "a branch of an If", graph: [attribute(6, [field(5, W)])], model: [] },
  { where: "a list of graphs", graph: [attribute(11, [attribute(5, W)])], model: [] },
  {
    where: "a loop in a loop",
    graph: [attribute(6, [attribute(6, [attribute(6, [field(15, [field(1, W)])])])])],
    model: [],
  },
  {
    where: "a function's node",
    graph: [],
    model: [field(25, [field(7, [field(5, [field(5, W)])])])],
  },
  { where: "a function's attribute", graph: [], model: [field(25, [field(11, [field(5, W)])])] },
  { where: "a training's start", graph: [], model: [field(20, [field(1, [field(5, W)])])] },
  { where: "a training's algorithm", graph: [], model: [field(20, [field(2, [field(5, W)])])] },
  { where: "a second graph field", graph: [], model: [field(7, [field(5, W)])] },
])("readOnnxModel() finds external data in $where", async ({ graph, model }) => {
  deepEqual((await read(buildOnnx(graph, model))).externalFiles, ["w.bin"]);
});

Deno.test("readOnnxModel() lists every location that a reader might take, each once", async () => {
  const entry = (...fields: ProtoField[]) => field(13, fields);
  const { externalFiles } = await read(buildOnnx([
    field(5, [
      entry(field(2, "value-first"), field(1, "location")),
      entry(field(1, "location"), field(2, "twice-a"), field(2, "twice-b")),
      entry(field(1, "offset"), field(1, "location"), field(2, "key-twice")),
      entry(field(1, "location"), field(2, "value-first")),
      entry(field(1, "offset"), field(2, "16")),
    ]),
  ]));
  deepEqual(externalFiles, ["value-first", "twice-a", "twice-b", "key-twice"]);
});

function nested(depth: number): ProtoField {
  let node = field(1, [field(4, "Relu")]);
  for (let i = 0; i < depth; i++) node = attribute(6, [node]);
  return node;
}

Deno.test.each([
  { what: "nothing", bytes: new Uint8Array(0) },
  { what: "a text", bytes: new TextEncoder().encode("version https://git-lfs.github.com/spec/v1") },
  { what: "a message without a graph", bytes: message(field(1, 8)) },
  { what: "a field that is longer than the file", bytes: concat([varint(58), varint(1000)]) },
  {
    what: "a field that is longer than its message",
    bytes: message(field(7, [concat([varint(10), varint(50)])]), field(2, "x".repeat(100))),
  },
  { what: "a number that ends its message too late", bytes: message(field(7, [varint(8)])) },
  { what: "a number of eleven bytes", bytes: concat([varint(8), new Uint8Array(11).fill(0x80)]) },
  { what: "field number 0", bytes: message(varint(2), varint(0)) },
  { what: "a field number beyond 32 bits", bytes: message(varint(2 ** 40), varint(0)) },
  { what: "a group", bytes: message(varint(7 * 8 + 3)) },
  { what: "200 levels", bytes: buildOnnx([nested(100)]) },
  { what: "a name that is not UTF-8", bytes: message(field(2, Uint8Array.of(0xff))) },
  { what: "a name of 1 MB", bytes: message(field(2, "x".repeat(1e6))) },
  {
    what: "a location of 5,000 bytes",
    bytes: buildOnnx([field(5, externalTensor("x".repeat(5000)))]),
  },
])("readOnnxModel() refuses $what", async ({ bytes }) => {
  const expected = { name: "ArchiveError", code: "onnx_invalid" };
  await rejects(readOnnxChunks(inChunks(bytes, 7), "m.onnx"), expected);
  await using folder = await TempFolder.create();
  await rejects(readOnnxModel(await folder.write("m.onnx", bytes)), expected);
});

Deno.test("readOnnxModel() refuses a model that is cut off, wherever", async () => {
  const whole = buildOnnx([field(5, [field(8, "w"), field(9, new Uint8Array(300))])]);
  const graphEnd = whole.length - 8; // behind it only the operator set
  for (let length = 0; length < graphEnd; length++) {
    await rejects(readOnnxChunks(inChunks(whole.subarray(0, length), 50), "m"), {
      code: "onnx_invalid",
    });
  }
});

Deno.test("readOnnxModel() jumps over 4 GB of weights in a few reads", async () => {
  await using folder = await TempFolder.create();
  const path = folder.at("large.onnx");
  const weights = 4 * 1024 ** 3;
  const tensor = concat([field(8, "w"), varint(9 * 8 + 2), varint(weights)]);
  const graphHead = concat([
    varint(5 * 8 + 2),
    varint(tensor.length + weights),
    tensor,
  ]);
  const graphTail = valueInfo(12, "y", 1, [3]);
  const graphLength = graphHead.length + weights + graphTail.length;
  const head = concat([varint(7 * 8 + 2), varint(graphLength), graphHead]);
  {
    using file = await Deno.open(path, { write: true, createNew: true });
    await file.write(head);
    await file.seek(weights, Deno.SeekMode.Current); // a hole: takes no space on disk
    await file.write(graphTail);
  }
  const startMs = performance.now();
  deepEqual((await readOnnxModel(path)).outputs, [{ name: "y", dtype: "float32", shape: [3] }]);
  equal(performance.now() - startMs < 2000, true);
});
