import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { BodyDeadlines } from "../../../server/http/mod.ts";
import { createFakeInferenceApp, createRecorder } from "./_fake_models.ts";

const URL = "http://127.0.0.1:8080/predictions/m";

/** A body without a declared length, as a chunked one is. */
function createChunkedRequest(chunks: readonly Uint8Array[]): Request {
  return new Request(URL, { method: "POST", body: ReadableStream.from(chunks) });
}

Deno.test.each([
  { size: 9, status: 200 },
  { size: 10, status: 200 },
  { size: 11, status: 413 },
])("readBody() answers $status for $size declared bytes when 10 are allowed", async (row) => {
  const { calls, predict } = createRecorder();
  const body = new Uint8Array(row.size).fill(7);
  const headers = { "content-length": String(row.size) };
  const request = new Request(URL, { method: "POST", body, headers });
  const response = await createFakeInferenceApp({ predict }, { maxBodyBytes: 10 })(request);
  strictEqual(response.status, row.status);
  strictEqual(calls.length, row.status === 200 ? 1 : 0);
  if (row.status === 200) deepStrictEqual(calls[0]!.parts[0]!.bytes, body);
});

Deno.test.each([
  { size: 9, status: 200 },
  { size: 10, status: 200 },
  { size: 11, status: 413 },
])("readBody() answers $status for $size chunked bytes when 10 are allowed", async (row) => {
  const { calls, predict } = createRecorder();
  const bytes = Uint8Array.from({ length: row.size }, (_, index) => index);
  const request = createChunkedRequest([bytes.subarray(0, 4), bytes.subarray(4)]);
  const response = await createFakeInferenceApp({ predict }, { maxBodyBytes: 10 })(request);
  strictEqual(response.status, row.status);
  if (row.status === 200) deepStrictEqual(calls[0]!.parts[0]!.bytes, bytes);
});

Deno.test("readBody() refuses a declared length above the limit before it reads", async () => {
  const body = new ReadableStream({
    pull: () => {
      throw new Error("This body must not be read");
    },
  }, { highWaterMark: 0 });
  const headers = { "content-length": "11" };
  const request = new Request(URL, { method: "POST", body, headers });
  const response = await createFakeInferenceApp({}, { maxBodyBytes: 10 })(request);
  strictEqual(response.status, 413);
  strictEqual(request.bodyUsed, false);
});

Deno.test("readBody() stops reading a chunked body at the limit", async () => {
  let pulls = 0;
  let isCancelled = false;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      pulls++;
      controller.enqueue(new Uint8Array(4));
    },
    cancel: () => void (isCancelled = true),
  }, { highWaterMark: 0 });
  const request = new Request(URL, { method: "POST", body });
  const response = await createFakeInferenceApp({}, { maxBodyBytes: 10 })(request);
  deepStrictEqual([response.status, pulls, isCancelled], [413, 3, true]);
});

Deno.test("a 413 has an empty body and none of the fixed headers (T25)", async () => {
  const request = createChunkedRequest([new Uint8Array(11)]);
  const response = await createFakeInferenceApp({}, { maxBodyBytes: 10 })(request);
  deepStrictEqual([...response.headers], [["content-length", "0"]]);
  strictEqual(await response.text(), "");
});

Deno.test("readBody() keeps 50,000 one-byte chunks in their order", async () => {
  const { calls, predict } = createRecorder();
  const expected = Uint8Array.from({ length: 50_000 }, (_, index) => index % 251);
  const request = createChunkedRequest(Array.from(expected, (byte) => Uint8Array.of(byte)));
  const response = await createFakeInferenceApp({ predict }, { maxBodyBytes: 50_000 })(request);
  strictEqual(response.status, 200);
  deepStrictEqual(calls[0]!.parts[0]!.bytes, expected);
});

Deno.test("readBody() answers bytes that own their whole buffer, so that it can be transferred", async () => {
  const { calls, predict } = createRecorder();
  await createFakeInferenceApp({ predict })(createChunkedRequest([new Uint8Array(3)]));
  strictEqual(calls[0]!.parts[0]!.bytes.buffer.byteLength, 3);
});

Deno.test.each([{ isDeclared: true }, { isDeclared: false }])(
  "readBody() answers 408 when the body stalls past the deadline, length declared: $isDeclared",
  async ({ isDeclared }) => {
    const bodyDeadlines = new BodyDeadlines(2);
    const pulled = Promise.withResolvers<void>();
    const body = new ReadableStream({ pull: () => pulled.resolve() }, { highWaterMark: 0 });
    const headers: HeadersInit = isDeclared ? { "content-length": "5" } : {};
    const request = new Request(URL, { method: "POST", body, headers });
    const answered = createFakeInferenceApp({}, { bodyDeadlines })(request);
    await pulled.promise;
    for (let tick = 0; tick < 3; tick++) bodyDeadlines.tick();
    const response = await answered;
    strictEqual(response.status, 408);
    deepStrictEqual(await response.json(), {
      code: 408,
      type: "RequestTimeoutException",
      message: "Cannot read the request: its body did not arrive in time",
    });
  },
);

Deno.test("readBody() answers 400 when the client cuts the body off", async () => {
  const body = new ReadableStream({ pull: (controller) => controller.error(new Error("gone")) });
  const request = new Request(URL, { method: "POST", body });
  strictEqual((await createFakeInferenceApp({})(request)).status, 400);
});

Deno.test("BodyDeadlines.tick() expires each body once, after its own whole ticks", () => {
  const expired: string[] = [];
  const deadlines = new BodyDeadlines(1);
  deadlines.open(() => expired.push("first"));
  deadlines.tick();
  deadlines.open(() => expired.push("second"));
  const closed = deadlines.open(() => expired.push("closed"));
  deadlines.tick();
  deepStrictEqual(expired, ["first"]);
  deadlines.close(closed);
  deadlines.tick();
  deadlines.tick();
  deepStrictEqual(expired, ["first", "second"]);
});
