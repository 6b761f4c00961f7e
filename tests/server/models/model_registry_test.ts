import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { ArchiveDownloader } from "../../../server/downloads/mod.ts";
import { createModelStore } from "../../support/model_store.ts";
import { createCall, RegistryBench, UNREGISTER_TIMEOUT_MS } from "../../support/registry_bench.ts";

Deno.test("ModelRegistry.register() takes a version out again that fails, though another came meanwhile", async () => {
  await using bench = await RegistryBench.create();
  const failing = bench.register(1);
  const first = await bench.worker(0);
  await bench.registerReady(2, 1);
  deepStrictEqual(bench.listVersions(), ["1.0 default", "2.0"]);
  const refused = rejects(failing, { name: "ServeError", code: "workers_failed_to_start" });
  first.say({ type: "load_failed", failure: { message: "no" }, isOutOfMemory: false });
  await bench.clock.advance(60_000);
  await refused;
  deepStrictEqual(bench.listVersions(), ["2.0 default"]);
  strictEqual((await bench.unpacked.list()).length, 1);
});

Deno.test("ModelRegistry.register() fails with its own error when the model was taken out meanwhile", async () => {
  await using bench = await RegistryBench.create();
  const failing = bench.register(1, 2);
  const refused = rejects(failing, { name: "ServeError", code: "workers_failed_to_start" });
  const first = await bench.worker(0);
  await bench.worker(1);
  first.say({ type: "load_failed", failure: { message: "no" }, isOutOfMemory: false });
  const unregistered = bench.registry.unregister("net");
  await bench.clock.advance(60_000);
  await unregistered;
  await refused;
  deepStrictEqual(bench.registry.list(), []);
  deepStrictEqual(await bench.unpacked.list(), []);
});

Deno.test("ModelRegistry.register() leaves a later version of the same name alone when it fails", async () => {
  await using bench = await RegistryBench.create();
  const failing = bench.register(1, 2);
  const refused = rejects(failing, { code: "workers_failed_to_start" });
  const first = await bench.worker(0);
  const second = await bench.worker(1);
  first.say({ type: "load_failed", failure: { message: "no" }, isOutOfMemory: false });
  const unregistered = bench.registry.unregister("net");
  await bench.registerReady(1, 2);
  second.say({ type: "released" });
  await bench.clock.advance(60_000);
  await Promise.all([unregistered, refused]);
  deepStrictEqual(bench.listVersions(), ["1.0 default"]);
  strictEqual((await bench.registry.describe("net")[0]!.workers).length, 1);
  strictEqual((await bench.unpacked.list()).length, 1);
});

Deno.test("ModelRegistry.unregister() takes the version out at once, refuses what is not through in time, and then fails with unregister_timed_out (T19, §1.6)", async () => {
  await using bench = await RegistryBench.create();
  const worker = await bench.registerReady(1, 0);
  const asked = ["runs", "waits"].map((id) => bench.registry.predict(createCall(id)));
  const refused = asked.map((answer) =>
    rejects(answer, {
      code: "model_busy",
      message: 'Cannot finish the request: model "net" version 1.0 was taken out',
    })
  );
  await bench.clock.advance(0);
  const unregistered = rejects(bench.registry.unregister("net"), {
    code: "unregister_timed_out",
    message: "Timed out while cleaning resources: net",
  });
  await rejects(bench.registry.predict(createCall("late")), { code: "model_not_found" });
  await bench.clock.advance(UNREGISTER_TIMEOUT_MS - 1);
  strictEqual(worker.wasAskedToRelease, false);
  await bench.clock.advance(1);
  strictEqual(worker.wasAskedToRelease, true);
  worker.say({ type: "released" });
  await Promise.all([unregistered, ...refused]);
  strictEqual(worker.isTerminated, true);
  deepStrictEqual(await bench.unpacked.list(), []);
});

Deno.test("ModelRegistry.register() lets one of two win that register the same at once", async () => {
  await using bench = await RegistryBench.create();
  const outcomes = await Promise.allSettled([bench.register(1, 0), bench.register(1, 0)]);
  deepStrictEqual(outcomes.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
  const lost = outcomes.find((outcome) => outcome.status === "rejected");
  strictEqual(lost?.reason.code, "model_already_registered");
  strictEqual((await bench.unpacked.list()).length, 1);
});

Deno.test("ModelRegistry.close() answers what waits with server_stopping and takes nothing more", async () => {
  await using bench = await RegistryBench.create();
  await bench.registerReady(1, 0);
  const refused = rejects(bench.registry.predict(createCall("runs")), { code: "server_stopping" });
  const closed = bench.registry.close({ deadlineMs: 1_000 });
  await rejects(bench.register(2), { code: "server_stopping" });
  await bench.clock.advance(60_000);
  await Promise.all([closed, refused]);
  deepStrictEqual(await bench.unpacked.list(), []);
});

Deno.test("ModelRegistry.unregister() lets the name be registered again while the old version still drains", async () => {
  await using bench = await RegistryBench.create();
  const worker = await bench.registerReady(1, 0);
  const asked = bench.registry.predict(createCall("runs"));
  await bench.clock.advance(0);
  const unregistered = bench.registry.unregister("net");
  await bench.registerReady(1, 1);
  worker.sayResult(worker.batches[0]!);
  strictEqual((await asked).status, 200);
  await bench.clock.advance(0);
  worker.say({ type: "released" });
  await unregistered;
  deepStrictEqual(bench.listVersions(), ["1.0 default"]);
  strictEqual((await bench.unpacked.list()).length, 1);
});

Deno.test("ModelRegistry.register() fails when its version is unregistered before its workers are ready", async () => {
  await using bench = await RegistryBench.create();
  const refused = rejects(bench.register(1), {
    code: "workers_failed_to_start",
    message: "Failed to start workers for model net version: 1.0",
  });
  const worker = await bench.worker(0);
  const unregistered = bench.registry.unregister("net");
  await bench.clock.advance(60_000);
  await Promise.all([refused, unregistered]);
  strictEqual(worker.isTerminated, true);
  deepStrictEqual(bench.registry.list(), []);
  deepStrictEqual(await bench.unpacked.list(), []);
});

Deno.test("ModelRegistry.scale() says that the model is gone when it was unregistered while workers start", async () => {
  await using bench = await RegistryBench.create();
  await bench.register(1, 0);
  const scaling = { modelName: "net", minWorkers: 2, maxWorkers: 2, isSynchronous: true };
  const refused = rejects(bench.registry.scale(scaling), { code: "model_not_found" });
  await bench.worker(1);
  const unregistered = bench.registry.unregister("net");
  await rejects(bench.registry.scale(scaling), { code: "model_not_found" });
  await bench.clock.advance(60_000);
  await Promise.all([refused, unregistered]);
  strictEqual(bench.startedWorkers, 2);
});

Deno.test("ModelRegistry.scale() answers a negative number of workers as upstream's list does (T10)", async () => {
  await using bench = await RegistryBench.create();
  await bench.register(1, 0);
  for (const isSynchronous of [true, false]) {
    const scaling = { modelName: "net", minWorkers: -1, maxWorkers: -1, isSynchronous };
    await rejects(bench.registry.scale(scaling), {
      code: "worker_index_out_of_bounds",
      message: "Index -1 out of bounds for length 0",
    });
  }
  strictEqual(bench.registry.describe("net")[0]!.minWorkers, 0);
});

Deno.test("ModelRegistry.close() takes the download of a registration with it that still waits for its workers, and leaves those of models (T13)", async () => {
  await using archives = await createModelStore({
    "net@4": { handler: "export function handle() {}\n", version: "4.0" },
    "net@5": { handler: "export function handle() {}\n", version: "5.0" },
    "net@6": { handler: "export function handle() {}\n", version: "6.0" },
  });
  const downloader = new ArchiveDownloader({
    config: {
      allowedUrls: [`file://${archives.dir}/.*`],
      maxArchiveBytes: 1_000_000,
      timeoutMs: 60_000,
    },
    schedule: () => () => {},
  });
  await using bench = await RegistryBench.create(undefined, downloader);
  const before = await bench.listStore();
  const register = (version: number, isSynchronous: boolean, initialWorkers = 1) => {
    const url = `file://${archives.dir}/net@${version}.mar`;
    return bench.registry.register({ url, initialWorkers, isSynchronous });
  };
  await register(4, true, 0);
  await register(5, false);
  await bench.worker(0);
  const refused = rejects(register(6, true), { code: "server_stopping" });
  await bench.worker(1);
  deepStrictEqual(
    bench.registry.describe("net", "all").map((one) => [one.modelVersion, one.isTentative]),
    [["4.0", undefined], ["5.0", undefined], ["6.0", true]],
  );
  const isDownload = (name: string) => !before.includes(name) && !name.startsWith(".");
  const downloads = ["net@4.mar", "net@5.mar", "net@6.mar"];
  deepStrictEqual((await bench.listStore()).filter(isDownload), downloads);
  const closed = bench.registry.close({ deadlineMs: 0 });
  await bench.clock.advance(60_000);
  await Promise.all([closed, refused]);
  deepStrictEqual((await bench.listStore()).filter(isDownload), downloads.slice(0, 2));
});

Deno.test("ModelRegistry.close() ends registrations, replacements and drains that are under way", async () => {
  await using bench = await RegistryBench.create();
  await bench.registerReady(1, 0);
  await bench.registerReady(2, 1);
  const drained = bench.registry.predict(createCall("runs", { version: "2.0" }));
  const refusals = [
    rejects(drained, { code: "server_stopping" }),
    rejects(bench.register(3), { code: "server_stopping" }),
    rejects(bench.replace("net@1b.mar"), { code: "server_stopping" }),
  ];
  await bench.worker(3);
  const unregistered = bench.registry.unregister("net", "2.0").catch(() => {});
  const closed = bench.registry.close({ deadlineMs: 100 });
  await bench.clock.advance(60_000);
  await Promise.all([closed, unregistered, ...refusals]);
  deepStrictEqual(bench.registry.list(), []);
  deepStrictEqual(await bench.unpacked.list(), []);
});

Deno.test("ModelRegistry.isReady() is true once a worker can answer, not while it loads (T21)", async () => {
  await using bench = await RegistryBench.create();
  const registered = bench.register(1, 2);
  const first = await bench.worker(0);
  strictEqual(bench.registry.isReady("net"), false);
  strictEqual(bench.registry.isHealthy(), true);
  strictEqual(bench.registry.describe("net")[0]!.state, "starting");
  first.sayLoaded();
  strictEqual(bench.registry.isReady("net"), true);
  strictEqual(bench.registry.describe("net")[0]!.state, "degraded");
  (await bench.worker(1)).sayLoaded();
  await registered;
  strictEqual(bench.registry.describe("net")[0]!.state, "ready");
});

Deno.test("ModelRegistry.isHealthy() asks the default versions alone (§8.6)", async () => {
  await using bench = await RegistryBench.create();
  strictEqual(bench.registry.isHealthy(), true);
  await bench.registerReady(1, 0);
  const scaling = { modelName: "net", minWorkers: 1, maxWorkers: 1, isSynchronous: false };
  await bench.register(2, 0);
  await bench.registry.scale({ ...scaling, modelVersion: "2.0" });
  const failing = await bench.worker(1);
  failing.say({ type: "load_failed", failure: { message: "no" }, isOutOfMemory: false });
  await bench.clock.advance(1_000_000);
  deepStrictEqual([bench.registry.isHealthy(), bench.registry.isReady("net")], [true, true]);
});

Deno.test("ModelRegistry.register() gives a restored version what its snapshot says, and does not call it loaded at startup (§7, §9)", async () => {
  await using bench = await RegistryBench.create();
  const restored = {
    modelName: "kept",
    modelVersion: "1.0",
    url: "net@1.mar",
    isDefault: true,
    minWorkers: 0,
    maxWorkers: 3,
    batchSize: 5,
    maxBatchDelayMs: 7,
    responseTimeoutMs: 11_000,
    startupTimeoutMs: 13_000,
    runtime: "python3",
  };
  const { url, modelName } = restored;
  await bench.registry.register({ url, modelName, restored, isSynchronous: false });
  const described = bench.registry.describe("kept")[0]!;
  const { loadedAtStartup, runtime, minWorkers, maxWorkers, batchSize } = described;
  deepStrictEqual(
    [loadedAtStartup, runtime, minWorkers, maxWorkers, batchSize, described.maxBatchDelayMs],
    [false, "python3", 0, 3, 5, 7],
  );
  deepStrictEqual([described.responseTimeoutMs, described.startupTimeoutMs], [11_000, 13_000]);
});
