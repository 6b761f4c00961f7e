import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { GATED_HANDLER, type GatedAnswer, waitForGate, waitForPending } from "../support/gate.ts";
import { type MarinaProcess, startMarina } from "../support/marina_process.ts";
import { createModelStore } from "../support/model_store.ts";

const ONE_WORKER = "minWorkers: 1\nmaxWorkers: 1\n";
/** So long that a test which waits for it does not end. */
const HOUR_DELAY = "maxBatchDelay: 3600000\n";

const HEALTHY = '{\n  "status": "Healthy"\n}\n';

function ask(
  marina: MarinaProcess,
  path: string,
  text: string,
  signal?: AbortSignal,
): Promise<Response> {
  const url = `${marina.inferenceUrl}/predictions/${path}`;
  return fetch(url, { method: "POST", body: text, signal });
}

async function readAnswer(asked: Promise<Response>): Promise<GatedAnswer> {
  const response = await asked;
  strictEqual(response.status, 200);
  return await response.json();
}

async function startModels(
  dir: string,
  config: Readonly<Record<string, number>> = {},
): Promise<MarinaProcess> {
  return await startMarina({ args: ["--model-store", dir, "--models", "all"], config });
}

Deno.test("a full queue answers 503 with Retry-After, and those who wait are served (T18, §9)", async () => {
  await using store = await createModelStore({
    gated: { handler: GATED_HANDLER, config: `${ONE_WORKER}jobQueueSize: 2\n` },
    other: { handler: GATED_HANDLER, config: ONE_WORKER },
  });
  await using marina = await startModels(store.dir);
  const first = ask(marina, "gated", "wait");
  const openGate = await waitForGate(marina, "gated");
  const waiting = ["a", "b"].map((text) => ask(marina, "gated", text));
  await waitForPending(marina.managementUrl, "gated", 2);
  for (const [path, subject] of [["gated", '"gated"'], ["gated/1.0", '"gated" Version 1.0"']]) {
    const refused = await ask(marina, path, "too much");
    deepStrictEqual([refused.status, refused.headers.get("retry-after")], [503, "1"]);
    deepStrictEqual(await refused.json(), {
      code: 503,
      type: "ServiceUnavailableException",
      message: `Model ${subject} has no worker to serve inference request. Please use scale ` +
        "workers API to add workers. If this is a sequence inference, please check if it is " +
        "closed, or expired; or exceeds maxSequenceJobQueueSize",
    });
  }
  const described = await (await fetch(`${marina.managementUrl}/models/gated`)).json();
  deepStrictEqual(described[0].jobQueueStatus, { remainingCapacity: 0, pendingRequests: 2 });
  strictEqual((await readAnswer(ask(marina, "other", "not full"))).text, "not full");
  strictEqual(await (await fetch(`${marina.inferenceUrl}/ping`)).text(), HEALTHY);
  await openGate();
  strictEqual((await readAnswer(first)).text, "wait");
  const answers = await Promise.all(waiting.map(readAnswer));
  deepStrictEqual(answers.map(({ text }) => text), ["a", "b"]);
  ok(!(await readAnswer(ask(marina, "gated", "again"))).seen.includes("too much"));
});

Deno.test("job_queue_size is the queue of a model that does not say otherwise (§9, §2 job_queue_size)", async () => {
  await using store = await createModelStore({
    gated: { handler: GATED_HANDLER, config: ONE_WORKER },
  });
  await using marina = await startModels(store.dir, { job_queue_size: 1 });
  const first = ask(marina, "gated", "wait");
  const openGate = await waitForGate(marina, "gated");
  const second = ask(marina, "gated", "fits");
  await waitForPending(marina.managementUrl, "gated", 1);
  const refused = await ask(marina, "gated", "too much");
  strictEqual(refused.status, 503);
  await refused.body?.cancel();
  await openGate();
  deepStrictEqual([(await readAnswer(first)).text, (await readAnswer(second)).text], [
    "wait",
    "fits",
  ]);
});

Deno.test("a client that goes away while it waits leaves the queue, and no handler sees its request", async () => {
  await using store = await createModelStore({
    gated: { handler: GATED_HANDLER, config: ONE_WORKER },
  });
  await using marina = await startModels(store.dir);
  const first = ask(marina, "gated", "wait");
  const openGate = await waitForGate(marina, "gated");
  const client = new AbortController();
  const gone = ask(marina, "gated", "gone", client.signal).catch((error) => error.name);
  await waitForPending(marina.managementUrl, "gated", 1);
  const stays = ask(marina, "gated", "stays");
  await waitForPending(marina.managementUrl, "gated", 2);
  client.abort();
  strictEqual(await gone, "AbortError");
  await waitForPending(marina.managementUrl, "gated", 1);
  await openGate();
  strictEqual((await readAnswer(first)).text, "wait");
  deepStrictEqual((await readAnswer(stays)).seen, ["wait", "stays"]);
});

Deno.test("a client that goes away while its request runs harms neither the worker nor the next", async () => {
  await using store = await createModelStore({
    gated: { handler: GATED_HANDLER, config: ONE_WORKER },
  });
  await using marina = await startModels(store.dir);
  const client = new AbortController();
  const gone = ask(marina, "gated", "wait", client.signal).catch((error) => error.name);
  const openGate = await waitForGate(marina, "gated");
  client.abort();
  strictEqual(await gone, "AbortError");
  await openGate();
  deepStrictEqual((await readAnswer(ask(marina, "gated", "next"))).seen, ["wait", "next"]);
});

Deno.test("64 concurrent requests share batches of 8 and each gets its own answer", async () => {
  await using store = await createModelStore({
    gated: { handler: GATED_HANDLER, config: `${ONE_WORKER}batchSize: 8\n` },
  });
  await using marina = await startModels(store.dir);
  const first = ask(marina, "gated", "wait");
  const openGate = await waitForGate(marina, "gated");
  const texts = Array.from({ length: 64 }, (_, index) => `item ${index}`);
  const asked = texts.map((text) => ask(marina, "gated", text));
  await waitForPending(marina.managementUrl, "gated", texts.length);
  await openGate();
  strictEqual((await readAnswer(first)).batch, 1);
  const answers = await Promise.all(asked.map(readAnswer));
  deepStrictEqual(answers.map(({ text }) => text), texts);
  deepStrictEqual(answers.map(({ batch }) => batch), texts.map(() => 8));
});

Deno.test("requests that come at any time share batches of at most 8, over two workers", async () => {
  await using store = await createModelStore({
    gated: {
      handler: GATED_HANDLER,
      config: `minWorkers: 2\nmaxWorkers: 2\nbatchSize: 8\n${HOUR_DELAY}`,
    },
  });
  await using marina = await startModels(store.dir);
  const texts = Array.from({ length: 400 }, (_, index) => `item ${index}`);
  const answers: GatedAnswer[] = [];
  let next = 0;
  await Promise.all(Array.from({ length: 64 }, async () => {
    while (next < texts.length) {
      const index = next++;
      answers[index] = await readAnswer(ask(marina, "gated", texts[index]!));
    }
  }));
  deepStrictEqual(answers.map(({ text }) => text), texts);
  const sizes = answers.map(({ batch }) => batch);
  ok(Math.max(...sizes) <= 8 && Math.max(...sizes) > 1, `batches of ${sizes.join()}`);
});

Deno.test("a lone request does not wait for max_batch_delay, nor does a half batch once a worker is free (T22, §8.3)", async () => {
  await using store = await createModelStore({
    gated: { handler: GATED_HANDLER, config: `${ONE_WORKER}batchSize: 8\n${HOUR_DELAY}` },
  });
  await using marina = await startModels(store.dir);
  strictEqual((await readAnswer(ask(marina, "gated", "alone"))).batch, 1);
  const first = ask(marina, "gated", "wait");
  const openGate = await waitForGate(marina, "gated");
  const asked = ["a", "b", "c"].map((text) => ask(marina, "gated", text));
  await waitForPending(marina.managementUrl, "gated", 3);
  await openGate();
  await readAnswer(first);
  const answers = await Promise.all(asked.map(readAnswer));
  deepStrictEqual(answers.map(({ text, batch }) => [text, batch]), [["a", 3], ["b", 3], ["c", 3]]);
});

Deno.test("predictions and explanations of one model never share a batch", async () => {
  await using store = await createModelStore({
    gated: { handler: GATED_HANDLER, config: `${ONE_WORKER}batchSize: 8\n` },
  });
  await using marina = await startModels(store.dir);
  const first = ask(marina, "gated", "wait");
  const openGate = await waitForGate(marina, "gated");
  const explain = (text: string): Promise<Response> =>
    fetch(`${marina.inferenceUrl}/explanations/gated`, { method: "POST", body: text });
  const asked: Promise<Response>[] = [];
  for (const [index, send] of [ask.bind(null, marina, "gated"), explain, explain].entries()) {
    asked.push(send(`item ${index}`));
    await waitForPending(marina.managementUrl, "gated", index + 1);
  }
  await openGate();
  await readAnswer(first);
  const answers = await Promise.all(asked.map(readAnswer));
  deepStrictEqual(answers.map(({ batch }) => batch), [1, 2, 2]);
});
