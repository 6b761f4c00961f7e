import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import type { CarrierOptions, RecycleRules } from "../../../../server/scheduling/mod.ts";
import { RecyclingCarrier } from "../../../../server/scheduling/process/recycling_carrier.ts";
import type {
  FromWorkerMessage,
  LoadMessage,
  PredictMessage,
  WireBatch,
} from "../../../../server/scheduling/protocol.ts";
import { createManualCarrier, type ManualWorker } from "../../../support/manual_carrier.ts";
import { ManualClock } from "../../../support/manual_clock.ts";

const OPTIONS: CarrierOptions = { name: "test", modelDir: "/models/test" };
const LOAD = { type: "load", modelName: "test" } as LoadMessage;

function createBench(rules: RecycleRules, options: Partial<CarrierOptions> = {}) {
  const { workers, startCarrier } = createManualCarrier();
  const heard: FromWorkerMessage[] = [];
  const failures: string[] = [];
  const clock = new ManualClock();
  const carrier = new RecyclingCarrier({ ...OPTIONS, ...options }, {
    onMessage: (message) => heard.push(message),
    onFailure: ({ message }) => failures.push(message),
  }, { rules, start: startCarrier, clock });
  let nextId = 0;
  const send = (): WireBatch => {
    const items = [{ requestId: String(nextId), parts: [], headers: [] }];
    const batch: WireBatch = { id: nextId++, kind: "predict", items };
    carrier.post({ type: "predict", batches: [batch] } satisfies PredictMessage);
    return batch;
  };
  carrier.post(LOAD);
  workers[0]!.sayLoaded();
  const results = () =>
    heard.flatMap((message) => message.type === "result" ? [message.batchId] : []);
  const logs = () => heard.flatMap((message) => message.type === "log" ? [message.message] : []);
  return { carrier, workers, failures, clock, send, results, logs };
}

const idsOf = (worker: ManualWorker) => worker.batches.map(({ id }) => id);

Deno.test("RecyclingCarrier loads the next process beside the first, and holds back what comes until the first has answered", () => {
  const { workers, clock, send, results, logs } = createBench({ afterBatches: 2 });
  workers[0]!.sayResult(send());
  strictEqual(workers.length, 1);
  const second = send();
  const third = send();
  workers[0]!.sayResult(second);
  strictEqual(workers.length, 2);
  deepStrictEqual(workers[1]!.sent, [LOAD]);
  const fourth = send();
  deepStrictEqual(idsOf(workers[0]!), [0, 1, 2, 3]);
  workers[1]!.sayLoaded();
  const fifth = send();
  deepStrictEqual([idsOf(workers[0]!), idsOf(workers[1]!)], [[0, 1, 2, 3], []]);
  workers[0]!.sayResult(third);
  workers[0]!.sayResult(fourth);
  deepStrictEqual(idsOf(workers[1]!), [4]);
  strictEqual(workers[0]!.wasAskedToRelease, true);
  strictEqual(workers[0]!.isTerminated, false);
  workers[0]!.say({ type: "released" });
  strictEqual(workers[0]!.isTerminated, true);
  workers[1]!.sayResult(fifth);
  deepStrictEqual(results(), [0, 1, 2, 3, 4]);
  match(logs()[0]!, /it had answered 2 batches/);
  deepStrictEqual(clock.pendingDelaysMs, []);
});

Deno.test("RecyclingCarrier goes on with the first process when the next one cannot load, and what was held goes there", () => {
  const { workers, send, results, logs, failures } = createBench({ afterBatches: 1 });
  const running = send();
  workers[0]!.sayResult(running);
  workers[1]!.fail("No memory");
  strictEqual(workers[1]!.isTerminated, true);
  const second = send();
  workers[0]!.sayResult(second);
  strictEqual(workers.length, 3);
  const third = send();
  workers[2]!.sayLoaded();
  send();
  workers[2]!.fail("Crashed after all");
  deepStrictEqual(idsOf(workers[0]!), [0, 1, 2, 3]);
  workers[0]!.sayResult(third);
  deepStrictEqual(results(), [0, 1, 2]);
  deepStrictEqual(failures, []);
  match(logs()[0]!, /Cannot replace the worker's process, it goes on: No memory/);
});

Deno.test("RecyclingCarrier ends every process when it is ended, and when the first one fails", () => {
  const { carrier, workers, send, failures } = createBench({ afterBatches: 1 });
  workers[0]!.sayResult(send());
  workers[0]!.fail("Crashed");
  deepStrictEqual(failures, ["Crashed"]);
  strictEqual(workers[1]!.isTerminated, true);
  carrier.terminate({ isReleased: true });
  strictEqual(workers[0]!.isTerminated, true);
});

Deno.test("RecyclingCarrier ends a replaced process that does not release its model within five seconds", async () => {
  const { workers, clock, send } = createBench({ afterBatches: 1 });
  workers[0]!.sayResult(send());
  workers[1]!.sayLoaded();
  await clock.advance(4_999);
  strictEqual(workers[0]!.isTerminated, false);
  await clock.advance(1);
  strictEqual(workers[0]!.isTerminated, true);
});

const MB = 1024 * 1024;

Deno.test("RecyclingCarrier measures growth from the first look after the model was loaded, not from one at a half of it", async () => {
  const { workers, clock, send, logs } = createBench({ growthBytes: 30 * MB });
  await clock.advance(1_500);
  const [first] = workers;
  // As if it had loaded just now, a second look away from the last.
  first!.process = { pid: 1, memoryBytes: 100 * MB, memorySeenAtMs: 1_000 };
  first!.sayLoaded();
  first!.sayResult(send());
  first!.process = { pid: 1, memoryBytes: 400 * MB, memorySeenAtMs: 2_000 };
  first!.sayResult(send());
  strictEqual(workers.length, 1);
  first!.process = { pid: 1, memoryBytes: 431 * MB, memorySeenAtMs: 3_000 };
  first!.sayResult(send());
  strictEqual(workers.length, 2);
  const [, second] = workers;
  second!.process = { pid: 2, memoryBytes: 90 * MB, memorySeenAtMs: 1_000 };
  second!.sayLoaded();
  match(logs()[0]!, /it had grown by 31 MB/);
  second!.sayResult(send());
  second!.process = { pid: 2, memoryBytes: 400 * MB, memorySeenAtMs: 2_500 };
  second!.sayResult(send());
  strictEqual(workers.length, 2);
});

Deno.test("RecyclingCarrier gives a next process up that has not loaded within the startup timeout, and tries again", async () => {
  const { workers, clock, send, logs, failures } = createBench(
    { afterBatches: 1 },
    { startupTimeoutMs: 5_000 },
  );
  workers[0]!.sayResult(send());
  await clock.advance(4_999);
  strictEqual(workers[1]!.isTerminated, false);
  await clock.advance(1);
  strictEqual(workers[1]!.isTerminated, true);
  match(logs()[0]!, /it goes on: the next one has not loaded its model within 5000 ms/);
  workers[0]!.sayResult(send());
  workers[2]!.sayLoaded();
  deepStrictEqual(idsOf(workers[0]!), [0, 1]);
  const third = send();
  deepStrictEqual(idsOf(workers[2]!), [2]);
  workers[2]!.sayResult(third);
  workers[0]!.say({ type: "released" });
  deepStrictEqual([failures, workers[2]!.isTerminated], [[], false]);
});

Deno.test("RecyclingCarrier passes on what a replaced process says while it gives back what it has", () => {
  const { workers, send, logs } = createBench({ afterBatches: 1 });
  workers[0]!.sayResult(send());
  workers[1]!.sayLoaded();
  workers[0]!.say({ type: "log", source: "handler", level: "info", message: "bye" });
  strictEqual(logs().at(-1), "bye");
});
