import { deepStrictEqual, match, rejects, strictEqual } from "node:assert/strict";
import { WAIT_AT_GATE, waitForGate, waitForPending } from "../support/gate.ts";
import { type MarinaProcess, startMarina } from "../support/marina_process.ts";
import { createModelStore, type ModelStoreFolder } from "../support/model_store.ts";
import { sendRaw } from "../support/raw_http.ts";

/** Sends two chunks ahead of the last, with the gate behind the first; `served` tells a new worker. */
const STREAMING = `
${WAIT_AT_GATE}
let served = 0;

export async function handle(rows, context) {
  if (rows === null) return;
  served++;
  const say = (word) => context.sendIntermediate(rows.map(({ body }) => word + " " + body + ", "));
  if (rows[0].body === "plain") return rows.map(() => "plain " + served);
  rows.forEach((_, i) => {
    context.setResponseStatus(201, "", i);
    context.setResponseHeader(i, "x-first", "yes");
    context.setResponseContentType(i, "text/event-stream");
  });
  await say("one");
  rows.forEach((_, i) => {
    context.setResponseStatus(500, "", i);
    context.setResponseHeader(i, "x-late", "yes");
  });
  await waitAtGate(context);
  if (rows[0].body === "throw") throw new Error("No more words");
  await say("two");
  return rows.map(({ body }) => "three " + body);
}
`;

async function startStreaming(
  batchSize: number,
): Promise<AsyncDisposable & { readonly marina: MarinaProcess; readonly store: ModelStoreFolder }> {
  const store = await createModelStore({
    words: {
      handler: STREAMING,
      config: `minWorkers: 1\nmaxWorkers: 1\nbatchSize: ${batchSize}\n`,
    },
  });
  const marina = await startMarina({ args: ["--model-store", store.dir, "--models", "all"] });
  const dispose = async (): Promise<void> => {
    await marina[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
  };
  return { marina, store, [Symbol.asyncDispose]: dispose };
}

function ask(marina: MarinaProcess, text: string, signal?: AbortSignal): Promise<Response> {
  const url = `${marina.inferenceUrl}/predictions/words`;
  return fetch(url, { method: "POST", body: text, signal });
}

async function readText(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string> {
  return new TextDecoder().decode((await reader.read()).value);
}

Deno.test("a streamed answer's first chunk arrives before the next is made, under the first one's headers, without ts_stream_next (T30, §1.5)", async () => {
  await using started = await startStreaming(1);
  const { marina } = started;
  const response = await ask(marina, "dog");
  deepStrictEqual(
    [response.status, response.headers.get("x-first"), response.headers.get("x-late")],
    [201, "yes", null],
  );
  strictEqual(response.headers.get("content-type"), "text/event-stream");
  strictEqual(response.headers.get("content-length"), null);
  strictEqual(response.headers.has("ts_stream_next"), false);
  const reader = response.body!.getReader();
  strictEqual(await readText(reader), "one dog, ");
  await (await waitForGate(marina, "words"))();
  let rest = "";
  for (let text; (text = await readText(reader)) !== "";) rest += text;
  strictEqual(rest, "two dog, three dog");

  const raw = await sendRaw(
    `${marina.inferenceUrl}/predictions/words`,
    "POST",
    ["content-type: text/plain"],
    "cat",
  );
  match(raw.head, /^transfer-encoding: chunked$/im);
  match(raw.body, /\r\n0\r\n\r\n$/);
  strictEqual(raw.body.replaceAll(/[0-9a-f]*\r\n/gi, ""), "one cat, two cat, three cat");
});

Deno.test("each request of a streaming batch gets its own chunks", async () => {
  await using started = await startStreaming(4);
  const { marina } = started;
  const first = await ask(marina, "first");
  const openGate = await waitForGate(marina, "words");
  const asked = ["dog", "cat", "owl"].map((text) => ask(marina, text));
  await waitForPending(marina.managementUrl, "words", 3);
  await openGate();
  strictEqual(await first.text(), "one first, two first, three first");
  const texts = await Promise.all(asked.map(async (response) => await (await response).text()));
  deepStrictEqual(texts, [
    "one dog, two dog, three dog",
    "one cat, two cat, three cat",
    "one owl, two owl, three owl",
  ]);
});

Deno.test("a client that goes away in the middle of a stream leaves the worker as it was", async () => {
  await using started = await startStreaming(1);
  const { marina } = started;
  const client = new AbortController();
  const response = await ask(marina, "dog", client.signal);
  const reader = response.body!.getReader();
  strictEqual(await readText(reader), "one dog, ");
  const openGate = await waitForGate(marina, "words");
  client.abort();
  await rejects(reader.read(), { name: "AbortError" });
  await openGate();
  strictEqual(await (await ask(marina, "plain")).text(), "plain 2");
});

Deno.test("a handler that streams to a batch which is answered is refused, and no other client gets its chunk", async () => {
  const handler = `
    let previous;
    export async function handle(rows, context) {
      if (rows === null) return;
      const chunk = previous?.sendIntermediate(["meant for another"]);
      previous = context;
      return [await chunk?.catch((error) => error.message) ?? "first"];
    }
  `;
  await using store = await createModelStore({
    words: { handler, config: "minWorkers: 1\nmaxWorkers: 1\n" },
  });
  await using marina = await startMarina({ args: ["--model-store", store.dir, "--models", "all"] });
  strictEqual(await (await ask(marina, "")).text(), "first");
  strictEqual(
    await (await ask(marina, "")).text(),
    "Cannot send an intermediate answer: its batch is answered, await sendIntermediate() before handle() returns",
  );
});

Deno.test("a handler that throws in the middle of a stream breaks it off, and its worker goes on", async () => {
  await using started = await startStreaming(1);
  const { marina } = started;
  const response = await ask(marina, "throw");
  strictEqual(response.status, 201);
  const reader = response.body!.getReader();
  strictEqual(await readText(reader), "one throw, ");
  await (await waitForGate(marina, "words"))();
  await rejects(reader.read());
  match(await marina.waitForStderr(/No more words/), /"error"/);
  strictEqual(await (await ask(marina, "plain")).text(), "plain 2");
});
