import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { createCall, RegistryBench, UNREGISTER_TIMEOUT_MS } from "../../support/registry_bench.ts";

Deno.test("ModelRegistry.register() with replaces serves from the old version until the new one is ready, then finishes what the old one has", async () => {
  await using bench = await RegistryBench.create();
  const old = await bench.registerReady(1, 0);
  const replaced = bench.replace("net@1b.mar");
  const next = await bench.worker(1);
  const before = bench.registry.predict(createCall("before"));
  await bench.clock.advance(0);
  strictEqual(next.batches.length, 0);
  next.sayLoaded();
  await bench.clock.advance(0);
  const after = bench.registry.predict(createCall("after"));
  await bench.clock.advance(0);
  strictEqual(old.wasAskedToRelease, false);
  old.sayResult(old.batches[0]!);
  next.sayResult(next.batches[0]!);
  deepStrictEqual([(await before).status, (await after).status], [200, 200]);
  await bench.clock.advance(0);
  old.say({ type: "released" });
  deepStrictEqual(await replaced, {
    modelName: "net",
    modelVersion: "1.0",
    workers: 1,
    isComplete: true,
    replacedVersion: "1.0",
  });
  strictEqual(old.isTerminated, true);
  strictEqual(bench.registry.describe("net")[0]!.modelUrl, "net@1b.mar");
  strictEqual((await bench.unpacked.list()).length, 1);
});

Deno.test("ModelRegistry.register() with replaces leaves everything as it was when the new one does not start", async () => {
  await using bench = await RegistryBench.create();
  const old = await bench.registerReady(1, 0);
  const refused = rejects(bench.replace("net@2.mar"), {
    code: "workers_failed_to_start",
    message: "Failed to start workers for model net version: 2.0",
  });
  const next = await bench.worker(1);
  next.say({ type: "load_failed", failure: { message: "no" }, isOutOfMemory: false });
  await bench.clock.advance(10_000);
  await refused;
  deepStrictEqual(bench.listVersions(), ["1.0 default"]);
  const asked = bench.registry.predict(createCall("asked"));
  await bench.clock.advance(0);
  old.sayResult(old.batches[0]!);
  strictEqual((await asked).status, 200);
  strictEqual((await bench.unpacked.list()).length, 1);
});

Deno.test("ModelRegistry.register() with replaces takes workers, default flag and traffic over to another version", async () => {
  await using bench = await RegistryBench.create();
  const { registry } = bench;
  await bench.register(1, 0);
  await bench.register(2, 0);
  registry.setTraffic("net", { weights: { "1.0": 9, "2.0": 1 } });
  await registry.scale({ modelName: "net", minWorkers: 2, maxWorkers: 3, isSynchronous: false });
  for (const index of [0, 1]) (await bench.worker(index)).sayLoaded();
  const replaced = bench.replace("net@3.mar", { replacedVersion: "1.0" });
  for (const index of [2, 3]) (await bench.worker(index)).sayLoaded();
  await bench.clock.advance(10_000);
  await replaced;
  deepStrictEqual(bench.listVersions(), ["2.0", "3.0 default"]);
  const [{ minWorkers, maxWorkers }] = registry.describe("net", "3.0") as [
    ReturnType<typeof registry.describe>[0],
  ];
  deepStrictEqual([minWorkers, maxWorkers], [2, 3]);
  deepStrictEqual(registry.getTraffic("net"), {
    weights: { "3.0": 9, "2.0": 1 },
    shadow: undefined,
  });
});

Deno.test("ModelRegistry.register() with replaces keeps what the old one was registered with, and takes what is said anew", async () => {
  await using bench = await RegistryBench.create();
  await bench.registry.register({
    url: "net@1.mar",
    batchSize: 8,
    maxBatchDelayMs: 7,
    initialWorkers: 0,
    isSynchronous: true,
  });
  await bench.replace("net@1b.mar", { maxBatchDelayMs: 9 });
  const { batchSize, maxBatchDelayMs } = bench.registry.describe("net")[0]!;
  deepStrictEqual([batchSize, maxBatchDelayMs], [8, 9]);
});

Deno.test("ModelRegistry.register() with replaces scales the new one as the old one was scaled meanwhile", async () => {
  await using bench = await RegistryBench.create();
  await bench.registerReady(1, 0);
  const replaced = bench.replace("net@1b.mar");
  const next = await bench.worker(1);
  const scaling = { modelName: "net", minWorkers: 2, maxWorkers: 2, isSynchronous: false };
  await bench.registry.scale(scaling);
  (await bench.worker(2)).sayLoaded();
  next.sayLoaded();
  (await bench.worker(3)).sayLoaded();
  await bench.clock.advance(10_000);
  await replaced;
  const [{ minWorkers, workers }] = bench.registry.describe("net") as [
    ReturnType<typeof bench.registry.describe>[0],
  ];
  deepStrictEqual([minWorkers, workers.map(({ state }) => state)], [2, ["ready", "ready"]]);
});

Deno.test("ModelRegistry.register() with replaces gives up when the old version is unregistered meanwhile", async () => {
  await using bench = await RegistryBench.create();
  await bench.registerReady(1, 0);
  const refused = rejects(bench.replace("net@1b.mar"), { code: "model_not_found" });
  const next = await bench.worker(1);
  const unregistered = bench.registry.unregister("net");
  next.sayLoaded();
  await bench.clock.advance(10_000);
  await Promise.all([refused, unregistered]);
  deepStrictEqual(bench.registry.list(), []);
  deepStrictEqual(await bench.unpacked.list(), []);
});

Deno.test("ModelRegistry.register() lets one of two replacements win, and leaves nothing of the other", async () => {
  await using bench = await RegistryBench.create();
  await bench.registerReady(1, 0);
  const first = bench.replace("net@1b.mar", { replacedVersion: "1.0" });
  const firstWorker = await bench.worker(1);
  const second = rejects(bench.replace("net@1b.mar", { replacedVersion: "1.0" }), {
    code: "model_replaced",
  });
  const secondWorker = await bench.worker(2);
  firstWorker.sayLoaded();
  await bench.clock.advance(10_000);
  await first;
  secondWorker.sayLoaded();
  await bench.clock.advance(10_000);
  await second;
  deepStrictEqual(bench.listVersions(), ["1.0 default"]);
  strictEqual((await bench.unpacked.list()).length, 1);
});

Deno.test("ModelRegistry.register() with replaces refuses what is not there, and what another version is already", async () => {
  await using bench = await RegistryBench.create();
  await rejects(bench.replace("net@1.mar"), { code: "model_not_found" });
  await bench.register(1, 0);
  await bench.register(2, 0);
  await rejects(bench.replace("net@1b.mar", { replacedVersion: "9" }), {
    code: "model_version_not_found",
  });
  await rejects(bench.replace("net@1b.mar", { replacedVersion: "2.0" }), {
    code: "model_already_registered",
    message: "Model version 1.0 is already registered for model net",
  });
  await rejects(bench.replace("nowhere.mar"), { code: "archive_not_found" });
  deepStrictEqual(bench.listVersions(), ["1.0 default", "2.0"]);
  strictEqual((await bench.unpacked.list()).length, 2);
});

Deno.test("ModelRegistry.register() with replaces takes the version that came from the same url before the default one", async () => {
  await using bench = await RegistryBench.create();
  await bench.register(1, 0);
  await bench.register(2, 0);
  const { replacedVersion } = await bench.replace("net@2.mar");
  strictEqual(replacedVersion, "2.0");
  deepStrictEqual(bench.listVersions(), ["1.0 default", "2.0"]);
});

Deno.test("ModelRegistry.register() with replaces ends the old one after unregister_model_timeout, whatever still runs in it", async () => {
  await using bench = await RegistryBench.create();
  const old = await bench.registerReady(1, 0);
  const asked = rejects(bench.registry.predict(createCall("endless")), { code: "model_busy" });
  await bench.clock.advance(0);
  const replaced = bench.replace("net@1b.mar");
  (await bench.worker(1)).sayLoaded();
  await bench.clock.advance(UNREGISTER_TIMEOUT_MS - 1);
  strictEqual(old.wasAskedToRelease, false);
  await bench.clock.advance(10_000);
  await Promise.all([asked, replaced]);
  strictEqual(old.isTerminated, true);
});
