import { deepStrictEqual, notStrictEqual, strictEqual } from "node:assert/strict";
import { ShadowCopier } from "../../../server/models/shadow_copier.ts";
import type { Answer } from "../../../server/models/mod.ts";
import { settlePromises } from "../../support/manual_clock.ts";
import { createCall, RegistryBench } from "../../support/registry_bench.ts";

async function startWithShadow() {
  const bench = await RegistryBench.create();
  const main = await bench.registerReady(1, 0);
  const shadow = await bench.registerReady(2, 1);
  bench.registry.setTraffic("net", { weights: {}, shadow: "2.0" });
  const countShadow = () => bench.registry.describe("net", "2.0")[0]!.shadow;
  return { bench, main, shadow, countShadow };
}

Deno.test("ModelRegistry.predict() sends the shadow a copy of the bytes and answers without waiting for it", async () => {
  const { bench, main, shadow, countShadow } = await startWithShadow();
  await using _ = bench;
  const bytes = Uint8Array.of(1, 2, 3);
  const call = createCall("asked", { bytes });
  const asked = bench.registry.predict(call);
  await settlePromises();
  main.sayResult(main.batches[0]!);
  strictEqual((await asked).status, 200);
  strictEqual(call.servedVersion, "1.0");
  const [{ items: [copied] }] = shadow.batches as [typeof shadow.batches[0]];
  deepStrictEqual(copied!.parts[0]!.bytes, bytes);
  notStrictEqual(copied!.parts[0]!.bytes.buffer, bytes.buffer);
  deepStrictEqual(countShadow(), { sent: 1, dropped: 0, failed: 0 });
});

Deno.test("ModelRegistry.predict() is not failed by a shadow that fails, and counts it", async () => {
  const { bench, main, shadow, countShadow } = await startWithShadow();
  await using _ = bench;
  const asked = bench.registry.predict(createCall("asked"));
  await settlePromises();
  const error = { code: "prediction_failed", message: "Prediction failed" } as const;
  shadow.say({ type: "result", batchId: 0, busyMs: 1, error });
  main.sayResult(main.batches[0]!);
  strictEqual((await asked).status, 200);
  await settlePromises();
  deepStrictEqual(countShadow(), { sent: 1, dropped: 0, failed: 1 });
});

Deno.test("ModelRegistry.predict() sends the shadow nothing of requests that name their version", async () => {
  const { bench, main, countShadow } = await startWithShadow();
  await using _ = bench;
  const asked = bench.registry.predict(createCall("asked", { version: "1.0" }));
  await settlePromises();
  main.sayResult(main.batches[0]!);
  await asked;
  deepStrictEqual(countShadow(), { sent: 0, dropped: 0, failed: 0 });
});

Deno.test("ModelRegistry.predict() drops copies for a shadow without workers, and for one that was taken out", async () => {
  const { bench, main, countShadow } = await startWithShadow();
  await using _ = bench;
  const scaling = { modelName: "net", modelVersion: "2.0", minWorkers: 0, maxWorkers: 0 };
  await bench.registry.scale({ ...scaling, isSynchronous: false });
  const ask = async (batch: number) => {
    const asked = bench.registry.predict(createCall("asked"));
    await settlePromises();
    main.sayResult(main.batches[batch]!);
    await asked;
  };
  await ask(0);
  deepStrictEqual(countShadow(), { sent: 0, dropped: 1, failed: 0 });
  const unregistered = bench.registry.unregister("net", "2.0");
  await bench.clock.advance(10_000);
  await unregistered;
  strictEqual(bench.registry.getTraffic("net"), undefined);
  await ask(1);
});

Deno.test("ShadowCopier.copy() drops the 33rd copy while 32 have no answer, and takes one again after one", async () => {
  const answers: ((answer: Answer) => void)[] = [];
  const target = {
    aliveWorkers: 1,
    predict: () => new Promise<Answer>((resolve) => answers.push(resolve)),
  };
  const copier = new ShadowCopier(target);
  const main = { ...target };
  for (let i = 0; i < 33; i++) copier.copy(createCall(String(i)), main);
  deepStrictEqual(copier.counts, { sent: 32, dropped: 1, failed: 0 });
  answers[0]!({ status: 200, statusText: "", headers: [], body: new Uint8Array(0) });
  await settlePromises();
  copier.copy(createCall("next"), main);
  deepStrictEqual(copier.counts, { sent: 33, dropped: 1, failed: 0 });
});

Deno.test("ShadowCopier.copy() gives a streamed answer up, which nobody reads", async () => {
  let isCancelled = false;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    cancel: () => void (isCancelled = true),
  });
  const answer = { status: 200, statusText: "", headers: [], body };
  const target = { aliveWorkers: 1, predict: () => Promise.resolve(answer) };
  new ShadowCopier(target).copy(createCall("asked"), { ...target });
  await settlePromises();
  strictEqual(isCancelled, true);
});
