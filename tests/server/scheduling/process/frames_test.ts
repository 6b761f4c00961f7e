import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { type ByteSource, readFrames } from "../../../../server/scheduling/process/frame_reader.ts";
import { FrameWriter } from "../../../../server/scheduling/process/frame_writer.ts";
import {
  readSchedulerMessage,
  readWorkerMessage,
} from "../../../../server/scheduling/process/read_message.ts";
import { toFrame } from "../../../../server/scheduling/process/to_frame.ts";
import type { FromWorkerMessage, ToWorkerMessage } from "../../../../server/scheduling/protocol.ts";

const bytesOf = (length: number, first = 0): Uint8Array<ArrayBuffer> =>
  Uint8Array.from({ length }, (_, index) => (first + index) % 256);

const LOAD: ToWorkerMessage = {
  type: "load",
  modelName: "digits",
  modelVersion: "1.0",
  modelDir: "/models/digits",
  manifest: null,
  modelYamlConfig: { threshold: -Infinity, names: ["ä", { scale: NaN }], plain: 0.5 },
  handler: { kind: "built_in", name: "base_handler" },
  needsImages: false,
  batchSize: 2,
  device: { gpuId: null, mayFallBack: true },
  intraOpThreads: 1,
  serverVersion: "0.0.0",
  decodesRequests: true,
  maxResponseBytes: 1_000,
  warmup: [],
};

/** Bodies of all sizes that are handled differently: none, small, large enough not to be copied, larger than a read. */
const SIZES = [0, 5, 20_000, 300_000];

const PREDICT: ToWorkerMessage = {
  type: "predict",
  batches: SIZES.map((size, id) => ({
    id,
    kind: "predict",
    items: [{
      requestId: `request-${id}`,
      parts: [
        { name: "body", contentType: "text/plain", bytes: bytesOf(size, id), isForm: false },
        { name: "größe", contentType: "", bytes: bytesOf(3, 7) },
      ],
      headers: ["x-a", "ü"],
      urlPath: "",
    }],
  })),
};

const FROM_WORKER: FromWorkerMessage[] = [
  { type: "loaded", executionProvider: "cpu", gpuId: null, rowBytes: 256 },
  { type: "load_failed", failure: { message: "No", line: 3 }, isOutOfMemory: false },
  {
    type: "result",
    batchId: 0,
    busyMs: 1.5,
    answers: SIZES.map((size, index) => ({
      status: 200,
      statusText: "",
      headers: ["content-type", "text/plain"],
      body: bytesOf(size, index),
    })),
    metrics: [{ name: "m", unit: "ms", type: "gauge", value: 1, dimensions: { Level: "Model" } }],
    stages: { inferenceMs: 1 },
  },
  { type: "result", batchId: 1, busyMs: 1, error: { code: "prediction_failed", message: "No" } },
  {
    type: "chunk",
    batchId: 2,
    index: 0,
    chunk: { status: 200, statusText: "", headers: [], body: bytesOf(2) },
  },
  { type: "log", source: "handler", level: "info", message: "ä", requestIds: ["a"] },
  { type: "died", failure: { message: "No" } },
  { type: "released" },
];

/** All that a writer writes, one call of the system taking `most` bytes. */
async function writeAll(
  messages: readonly (ToWorkerMessage | FromWorkerMessage)[],
  most: number,
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const total = messages.map(toFrame).reduce(
    (sum, { header, segments }) =>
      sum + 12 + new TextEncoder().encode(header).length +
      segments.reduce((bytes, segment) => bytes + segment.length, 0),
    0,
  );
  let written = 0;
  const writer = new FrameWriter();
  messages.slice(0, 2).forEach((message) => writer.send(toFrame(message)));
  writer.connect({
    write: (bytes) => {
      const taken = bytes.slice(0, most);
      pieces.push(taken);
      written += taken.length;
      if (written === total) resolve();
      return Promise.resolve(taken.length);
    },
  });
  messages.slice(2).forEach((message) => writer.send(toFrame(message)));
  await promise;
  return new Uint8Array(await new Blob(pieces as Uint8Array<ArrayBuffer>[]).arrayBuffer());
}

/** Gives its bytes in pieces of at most `most`. */
function sourceOf(bytes: Uint8Array, most: number): ByteSource {
  let offset = 0;
  return {
    read(target) {
      if (offset === bytes.length) return Promise.resolve(null);
      const piece = bytes.subarray(offset, offset + Math.min(most, target.length));
      target.set(piece);
      offset += piece.length;
      return Promise.resolve(piece.length);
    },
  };
}

Deno.test.each([{ most: 7 }, { most: 1_000 }, { most: 65_536 }, { most: 10_000_000 }])(
  "messages to and from a worker come out as they went in, $most bytes at a time",
  async ({ most }) => {
    const to: ToWorkerMessage[] = [];
    await readFrames(sourceOf(await writeAll([LOAD, PREDICT, { type: "release" }], most), most), {
      maxFrameBytes: () => 1e7,
      onFrame: (header, segments) => to.push(readSchedulerMessage(header, segments)),
    });
    deepStrictEqual(to, [LOAD, PREDICT, { type: "release" }]);
    const from: FromWorkerMessage[] = [];
    await readFrames(sourceOf(await writeAll(FROM_WORKER, most), most), {
      maxFrameBytes: () => 1e7,
      onFrame: (header, segments) => from.push(readWorkerMessage(header, segments)),
    });
    deepStrictEqual(from, FROM_WORKER);
  },
);

Deno.test("bodies that come in one frame have buffers of their own", async () => {
  const bodies: Uint8Array[] = [];
  await readFrames(sourceOf(await writeAll(FROM_WORKER, 1e6), 1e6), {
    maxFrameBytes: () => 1e7,
    onFrame: (header, segments) => {
      const message = readWorkerMessage(header, segments);
      if (message.type === "result") {
        bodies.push(...(message.answers ?? []).map(({ body }) => body));
      }
    },
  });
  for (const body of bodies) strictEqual(body.buffer.byteLength, body.byteLength);
});

/** A frame around a header that may be anything. */
function frameOf(header: string, segments = new Uint8Array()): Uint8Array {
  const text = new TextEncoder().encode(header);
  const frame = new Uint8Array(12 + text.length + segments.length);
  const view = new DataView(frame.buffer);
  view.setUint32(0, text.length, true);
  view.setUint32(4, segments.length, true);
  frame.set(text, 12);
  frame.set(segments, 12 + text.length);
  return frame;
}

const ANSWER = { status: 200, statusText: "", headers: [], body: 0 };

Deno.test.each([
  { what: "bytes that are no frame", bytes: new Uint8Array(64).fill(255), why: /announces/ },
  { what: "an end within a frame", bytes: frameOf("{}").subarray(0, 13), why: /ended within/ },
  { what: "a header that is no JSON", bytes: frameOf("{"), why: /must be JSON/ },
  { what: "a header that is null", bytes: frameOf("null"), why: /no message/ },
  {
    what: "a type of the prototype",
    bytes: frameOf('{"type":"constructor"}'),
    why: /no message/,
  },
  { what: "a message of the other side", bytes: frameOf('{"type":"load"}'), why: /no message/ },
  {
    what: "a result without answers",
    bytes: frameOf('{"type":"result","batchId":0,"busyMs":1}'),
    why: /either answers or an error/,
  },
  {
    what: "an answer whose status is a text",
    bytes: frameOf(
      JSON.stringify({
        type: "result",
        batchId: 0,
        busyMs: 1,
        answers: [{ ...ANSWER, status: "200" }],
      }),
    ),
    why: /no message/,
  },
  {
    what: "a header's name without a value",
    bytes: frameOf(
      JSON.stringify({ type: "chunk", batchId: 0, index: 0, chunk: { ...ANSWER, headers: ["a"] } }),
    ),
    why: /no message/,
  },
  {
    what: "a body longer than the frame",
    bytes: frameOf(
      JSON.stringify({ type: "chunk", batchId: 0, index: 0, chunk: { ...ANSWER, body: 9 } }),
      new Uint8Array(8),
    ),
    why: /names a segment of 9 bytes, 8 are left/,
  },
])("readFrames() refuses $what from a worker", async ({ bytes, why }) => {
  const read = readFrames(sourceOf(bytes, 1_000), {
    maxFrameBytes: () => 1_000,
    onFrame: (header, segments) => readWorkerMessage(header, segments),
  });
  await rejects(read, { name: "FrameError", message: why });
});
