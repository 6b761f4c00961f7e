import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import {
  type Exchange,
  markRequestId,
  markStreamed,
  observeExchanges,
} from "../../../server/http/exchange.ts";

const REQUEST = new Request("http://127.0.0.1:1/x?y=1", { method: "POST" });

/** An observer that keeps what it is told. */
function createRecorder() {
  const exchanges: Exchange[] = [];
  return { exchanges, onAnswered: (exchange: Exchange) => void exchanges.push(exchange) };
}

Deno.test("observeExchanges() answers the app itself when there is nobody to tell", () => {
  const app = () => new Response();
  strictEqual(observeExchanges(app, []), app);
});

Deno.test.each([
  { kind: "at once", app: () => createAnswer() },
  { kind: "later", app: () => Promise.resolve(createAnswer()) },
])("observeExchanges() tells each observer of an app that answers $kind", async ({ app }) => {
  const [first, second] = [createRecorder(), createRecorder()];
  const beforeMs = Date.now();
  const response = await observeExchanges(app, [first, second])(REQUEST, { remoteAddr });
  strictEqual(await response.text(), "whole");
  for (const { exchanges } of [first, second]) {
    const [{ method, url, status, requestId, connection, startedAtMs, endedAtMs }] = exchanges as [
      Exchange,
    ];
    deepStrictEqual([method, url, status, requestId], ["POST", REQUEST.url, 418, "id-1"]);
    strictEqual(connection!.remoteAddr, remoteAddr);
    strictEqual(beforeMs <= startedAtMs && startedAtMs <= endedAtMs, true);
    strictEqual(exchanges.length, 1);
  }
});

const remoteAddr: Deno.NetAddr = { transport: "tcp", hostname: "127.0.0.1", port: 2 };

function createAnswer(): Response {
  const response = new Response("whole", { status: 418 });
  markRequestId(response, "id-1");
  return response;
}

Deno.test("observeExchanges() finds the id of an answer that was copied, as the router does for HEAD", async () => {
  const recorder = createRecorder();
  const app = () => new Response(null, { headers: { "x-request-id": "id-3" } });
  await observeExchanges(app, [recorder])(REQUEST);
  strictEqual(recorder.exchanges[0]!.requestId, "id-3");
});

/** A streamed answer, and what its handler does with it. */
function createStream() {
  let controller!: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
  let cancelledWith: unknown;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start: (given) => void (controller = given),
    cancel: (reason) => void (cancelledWith = reason),
  });
  const response = new Response(body, { status: 201, headers: { "x-request-id": "id-2" } });
  markStreamed(response);
  return { response, controller, cancelledWith: () => cancelledWith };
}

Deno.test("observeExchanges() tells of a stream when its last chunk is taken, and of its head's status (§1.5)", async () => {
  const recorder = createRecorder();
  const { response, controller } = createStream();
  const answer = await observeExchanges(() => response, [recorder])(REQUEST);
  strictEqual(answer.headers.get("x-request-id"), "id-2");
  const reader = answer.body!.getReader();
  controller.enqueue(Uint8Array.of(1));
  deepStrictEqual([...(await reader.read()).value!], [1]);
  strictEqual(recorder.exchanges.length, 0);
  controller.close();
  strictEqual((await reader.read()).done, true);
  strictEqual(recorder.exchanges.length, 1);
  strictEqual(recorder.exchanges[0]!.status, 201);
});

Deno.test("observeExchanges() tells once of a stream whose client leaves, and passes that on", async () => {
  const recorder = createRecorder();
  const { response, cancelledWith } = createStream();
  const answer = await observeExchanges(() => response, [recorder])(REQUEST);
  await answer.body!.cancel("gone");
  strictEqual(cancelledWith(), "gone");
  strictEqual(recorder.exchanges.length, 1);
});

Deno.test("observeExchanges() tells once of a stream that fails", async () => {
  const recorder = createRecorder();
  const { response, controller } = createStream();
  const answer = await observeExchanges(() => response, [recorder])(REQUEST);
  controller.error(new Error("broken"));
  await rejects(answer.text(), /broken/);
  strictEqual(recorder.exchanges.length, 1);
});
