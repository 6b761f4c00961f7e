import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { toAnswer } from "../../support/manual_carrier.ts";
import { settlePromises } from "../../support/manual_clock.ts";
import {
  createCall,
  createPoolBench,
  createReadyBench,
  idsOf,
  readText,
} from "../../support/pool_bench.ts";

Deno.test("WorkerPool gives a free worker what waits at once, without waiting for a full batch", async () => {
  const { pool, workers } = await createReadyBench(1, { batchSize: 8 });
  pool.predict(createCall("a"));
  pool.predict(createCall("b"));
  await settlePromises();
  deepStrictEqual(idsOf(workers[0]), [["a", "b"]]);
});

Deno.test("WorkerPool fills the next batch while the only worker is busy, and gives each request its own answer", async () => {
  const { pool, workers } = await createReadyBench(1, { batchSize: 3 });
  const answers = ["a", "b", "c", "d", "e"].map((id) => readText(pool.predict(createCall(id))));
  await settlePromises();
  deepStrictEqual(idsOf(workers[0]), [["a", "b", "c"]]);
  workers[0].sayResult(workers[0].batches[0]);
  await settlePromises();
  deepStrictEqual(idsOf(workers[0]), [["a", "b", "c"], ["d", "e"]]);
  workers[0].sayResult(workers[0].batches[1]);
  deepStrictEqual(await Promise.all(answers), ["a", "b", "c", "d", "e"]);
});

Deno.test("WorkerPool counts a batch in rows: raw tensors of two rows fill a batch of three alone", async () => {
  const { pool, workers } = createPoolBench({ batchSize: 3 });
  const scaled = pool.scale(1, 1);
  await settlePromises();
  workers[0].sayLoaded({ rowBytes: 8 });
  await scaled;
  for (const id of ["a", "b", "c"]) {
    const bytes = new Uint8Array(id === "c" ? 8 : 16);
    const parts = [{ name: "body", contentType: "application/octet-stream", bytes }];
    pool.predict(createCall(id, { parts }));
  }
  await settlePromises();
  deepStrictEqual(idsOf(workers[0]), [["a"]]);
  workers[0].sayResult(workers[0].batches[0]);
  await settlePromises();
  deepStrictEqual(idsOf(workers[0]), [["a"], ["b", "c"]]);
});

Deno.test("WorkerPool never mixes predictions and explanations, and describes alone", async () => {
  const { pool, workers } = await createReadyBench(1, { batchSize: 8 });
  const kinds = ["predict", "predict", "explain", "describe", "describe"] as const;
  kinds.forEach((kind, index) => pool.predict(createCall(`${kind}${index}`, { kind })));
  for (let turn = 0; turn < 4; turn++) {
    await settlePromises();
    workers[0].sayResult(workers[0].batches[turn]);
  }
  deepStrictEqual(
    workers[0].batches.map((batch) => [batch.kind, batch.items.length]),
    [["predict", 2], ["explain", 1], ["describe", 1], ["describe", 1]],
  );
});

Deno.test("WorkerPool feeds a fast worker full batches ahead of time and keeps their bytes", async () => {
  const { pool, workers } = await createReadyBench(1, { batchSize: 2 });
  pool.predict(createCall("first"));
  await settlePromises();
  workers[0].sayResult(workers[0].batches[0], 0.3);
  for (const id of ["a", "b", "c", "d", "e"]) pool.predict(createCall(id));
  await settlePromises();
  deepStrictEqual(idsOf(workers[0]), [["first"], ["a", "b"], ["c", "d"]]);
  deepStrictEqual(workers[0].keptBytes, [false, false, false, true]);
});

Deno.test("WorkerPool hands nothing ahead to a slow worker, or to one it does not know yet", async () => {
  const { pool, workers } = await createReadyBench(1);
  for (const id of ["first", "a", "b"]) pool.predict(createCall(id));
  await settlePromises();
  deepStrictEqual(idsOf(workers[0]), [["first"]]);
  workers[0].sayResult(workers[0].batches[0], 12);
  await settlePromises();
  deepStrictEqual(idsOf(workers[0]), [["first"], ["a"]]);
});

Deno.test("WorkerPool hands no large batch ahead, whose copy would cost more than it saves", async () => {
  const { pool, workers } = await createReadyBench(1, { maxQueueBytes: 1e9 });
  const predict = (id: string, byteLength: number) => {
    const parts = [{ name: "body", contentType: "", bytes: new Uint8Array(byteLength) }];
    pool.predict(createCall(id, { parts }));
  };
  predict("first", 1);
  await settlePromises();
  workers[0].sayResult(workers[0].batches[0], 0.1);
  for (const id of ["a", "b", "c"]) predict(id, 2 * 1024 * 1024);
  await settlePromises();
  deepStrictEqual(idsOf(workers[0]), [["first"], ["a"]]);
});

Deno.test("WorkerPool answers model_busy when the queue is full", async () => {
  const { pool } = await createReadyBench(1, { queueCapacity: 2 });
  pool.predict(createCall("running"));
  await settlePromises();
  pool.predict(createCall("waiting 1"));
  pool.predict(createCall("waiting 2"));
  await rejects(pool.predict(createCall("too many")), {
    code: "model_busy",
    message: /^Model "digits" has no worker to serve inference request\./,
  });
});

Deno.test("WorkerPool answers model_busy when more bytes wait than the queue may hold", async () => {
  const { pool } = await createReadyBench(1, { maxQueueBytes: 10 });
  pool.predict(createCall("running"));
  await settlePromises();
  pool.predict(createCall("4 bytes"));
  pool.predict(createCall("8 bytes"));
  await rejects(pool.predict(createCall("12 bytes")), { code: "model_busy" });
});

Deno.test("WorkerPool answers model_busy at once when it has no worker", async () => {
  const { pool } = createPoolBench();
  await rejects(pool.predict(createCall("a", { modelVersion: "1.0" })), {
    code: "model_busy",
    message: /^Model "digits" Version 1\.0" has no worker/,
  });
});

Deno.test("WorkerPool drops a waiting request whose client has gone and makes room for another", async () => {
  const { pool, workers, clock } = await createReadyBench(1, { queueCapacity: 1 });
  const client = new AbortController();
  pool.predict(createCall("running"));
  await settlePromises();
  const gone = pool.predict(createCall("gone", { signal: client.signal }));
  client.abort();
  const refused = rejects(gone, { code: "request_cancelled" });
  await clock.advance(250);
  await refused;
  pool.predict(createCall("next"));
  workers[0].sayResult(workers[0].batches[0]);
  await settlePromises();
  deepStrictEqual(idsOf(workers[0]), [["running"], ["next"]]);
});

Deno.test("WorkerPool answers the batch of a worker that dies with worker_died and runs the ones behind it elsewhere", async () => {
  const { pool, workers } = await createReadyBench(1);
  pool.predict(createCall("warm"));
  await settlePromises();
  workers[0].sayResult(workers[0].batches[0], 0.1);
  const first = pool.predict(createCall("first"));
  const second = readText(pool.predict(createCall("second")));
  await settlePromises();
  deepStrictEqual(idsOf(workers[0]), [["warm"], ["first"], ["second"]]);
  const scaled = pool.scale(2, 2);
  await settlePromises();
  workers[1].sayLoaded();
  await scaled;
  workers[0].fail("Segmentation of the handler");
  await rejects(first, { code: "worker_died", message: "Worker died." });
  await settlePromises();
  deepStrictEqual(idsOf(workers[1]), [["second"]]);
  workers[1].sayResult(workers[1].batches[0]);
  strictEqual(await second, "second");
});

Deno.test("WorkerPool restarts a worker after 1, 1 and 2 s, and again after 1 s once it has loaded", async () => {
  const { pool, workers, clock, failures } = await createReadyBench(1);
  for (const delayMs of [1_000, 1_000, 2_000]) {
    workers.at(-1)!.fail("boom");
    await settlePromises();
    const before = workers.length;
    await clock.advance(delayMs - 1);
    strictEqual(workers.length, before);
    await clock.advance(1);
    strictEqual(workers.length, before + 1);
  }
  workers.at(-1)!.sayLoaded();
  workers.at(-1)!.fail("boom");
  await clock.advance(1_000);
  strictEqual(workers.length, 5);
  strictEqual(failures.length, 4);
  deepStrictEqual(pool.describeWorkers()[0].failure?.message, "boom");
});

Deno.test("WorkerPool gives a worker up after maxRetryTimeoutMs without a load, and answers who waits", async () => {
  const { pool, workers, clock } = createPoolBench({ maxRetryTimeoutMs: 2_000 });
  const scaled = pool.scale(1, 1);
  await settlePromises();
  const waiting = rejects(pool.predict(createCall("a")), { code: "model_failed" });
  for (let start = 0; start < 3; start++) {
    workers.at(-1)!.fail(`boom ${start}`);
    await clock.advance(1_000);
  }
  deepStrictEqual(await scaled, ["failed"]);
  await waiting;
  strictEqual(pool.describeWorkers()[0].state, "failed");
  strictEqual(pool.describeWorkers()[0].failure?.message, "boom 0");
  strictEqual(workers.length, 3);
});

Deno.test("WorkerPool ends a worker that does not answer within responseTimeoutMs", async () => {
  const { pool, workers, clock, failures } = await createReadyBench(1);
  const lost = rejects(pool.predict(createCall("a")), { code: "worker_died" });
  await clock.advance(1_999);
  strictEqual(workers[0].wasAskedToRelease, false);
  await clock.advance(1);
  await lost;
  deepStrictEqual(failures, ["9000: No answer within 2000 ms"]);
  await clock.advance(1_000);
  ok(workers[0].isTerminated);
});

Deno.test("WorkerPool ends a worker that does not load within startupTimeoutMs", async () => {
  const { pool, workers, clock, failures } = createPoolBench();
  const scaled = pool.scale(1, 1);
  await clock.advance(5_000);
  deepStrictEqual(await scaled, ["failed"]);
  deepStrictEqual(failures, ["9000: The model was not loaded within 5000 ms"]);
  await clock.advance(1_000);
  ok(workers[0].isTerminated);
});

Deno.test("WorkerPool.scale() stops a worker only after its batch is answered and its session released", async () => {
  const { pool, workers } = await createReadyBench(1);
  const answer = readText(pool.predict(createCall("a")));
  await settlePromises();
  const scaled = pool.scale(0, 0);
  await settlePromises();
  strictEqual(workers[0].wasAskedToRelease, false);
  workers[0].sayResult(workers[0].batches[0]);
  strictEqual(await answer, "a");
  await settlePromises();
  ok(workers[0].wasAskedToRelease);
  strictEqual(workers[0].isTerminated, false);
  workers[0].say({ type: "released" });
  await scaled;
  ok(workers[0].isTerminated);
  deepStrictEqual(pool.describeWorkers(), []);
});

Deno.test("WorkerPool.scale() to no worker answers who waits with model_busy and lets the batch that runs finish", async () => {
  const { pool, workers } = await createReadyBench(1);
  const running = readText(pool.predict(createCall("running")));
  await settlePromises();
  const waiting = rejects(pool.predict(createCall("waiting")), { code: "model_busy" });
  pool.scale(0, 0);
  await waiting;
  workers[0].sayResult(workers[0].batches[0]);
  strictEqual(await running, "running");
});

Deno.test("WorkerPool.close() answers all that waits and runs with server_stopping, and ends a worker that does not let go after 1 s", async () => {
  const { pool, workers, clock } = await createReadyBench(1);
  const running = rejects(pool.predict(createCall("running")), { code: "server_stopping" });
  await settlePromises();
  const waiting = rejects(pool.predict(createCall("waiting")), { code: "server_stopping" });
  const closed = pool.close();
  await Promise.all([running, waiting]);
  await clock.advance(999);
  strictEqual(workers[0].isTerminated, false);
  await clock.advance(1);
  await closed;
  ok(workers[0].isTerminated);
  await rejects(pool.predict(createCall("late")), { code: "server_stopping" });
});

Deno.test("WorkerPool.drain() lets what waits and runs finish", async () => {
  const { pool, workers } = await createReadyBench(1);
  const answers = ["a", "b"].map((id) => readText(pool.predict(createCall(id))));
  let isDrained = false;
  const drained = pool.drain().then(() => (isDrained = true));
  for (let turn = 0; turn < 2; turn++) {
    await settlePromises();
    strictEqual(isDrained, false);
    workers[0].sayResult(workers[0].batches[turn]);
  }
  await drained;
  deepStrictEqual(await Promise.all(answers), ["a", "b"]);
});

Deno.test("WorkerPool streams chunks as they come and ends with the result", async () => {
  const { pool, workers } = await createReadyBench(1);
  const answer = pool.predict(createCall("a"));
  await settlePromises();
  const { id } = workers[0].batches[0];
  workers[0].say({ type: "chunk", batchId: id, index: 0, chunk: toAnswer("one ") });
  const { body, headers } = await answer;
  deepStrictEqual(headers, ["content-type", "text/plain"]);
  workers[0].say({ type: "chunk", batchId: id, index: 0, chunk: toAnswer("two ") });
  workers[0].say({ type: "result", batchId: id, busyMs: 1, answers: [toAnswer("three")] });
  strictEqual(await new Response(body).text(), "one two three");
});

Deno.test("WorkerPool breaks a stream off when its worker dies", async () => {
  const { pool, workers } = await createReadyBench(1);
  const answer = pool.predict(createCall("a"));
  await settlePromises();
  workers[0].say({ type: "chunk", batchId: 0, index: 0, chunk: toAnswer("one ") });
  const { body } = await answer;
  workers[0].fail("boom");
  await rejects(new Response(body).text(), { code: "worker_died" });
});

Deno.test("WorkerPool lets one thread at a time have WebGPU and gives the next worker a process of its own", async () => {
  const { pool, workers } = createPoolBench({}, [0, 1, null, 0]);
  pool.scale(2, 2);
  await settlePromises();
  strictEqual(workers.length, 1);
  workers[0].sayLoaded({ executionProvider: "webgpu", gpuId: 0 });
  await settlePromises();
  pool.scale(3, 3);
  await settlePromises();
  deepStrictEqual(workers.map(({ isolation }) => isolation), ["thread", "process", "thread"]);
});

Deno.test("WorkerPool starts further threads on a GPU while none of them came to use WebGPU", async () => {
  const { pool, workers } = createPoolBench({}, [0, 1]);
  pool.scale(2, 2);
  await settlePromises();
  workers[0].sayLoaded({ executionProvider: "cuda", gpuId: 0 });
  await settlePromises();
  deepStrictEqual(workers.map(({ isolation }) => isolation), ["thread", "thread"]);
});
