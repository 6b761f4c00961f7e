import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import type { PoolEvents } from "../../../server/scheduling/mod.ts";
import { settlePromises } from "../../support/manual_clock.ts";
import {
  createCall,
  createPoolBench,
  createReadyBench,
  idsOf,
  readText,
} from "../../support/pool_bench.ts";

/** Every event of a worker's recovery as one line. */
function createDiary(): { readonly lines: string[]; readonly events: Partial<PoolEvents> } {
  const lines: string[] = [];
  return {
    lines,
    events: {
      onWorkerReady: ({ id }, loadMs) => lines.push(`${id} ready after ${loadMs} ms`),
      onWorkerFailure: ({ id }, { message }, kind) => lines.push(`${id} ${kind}: ${message}`),
      onWorkerRetry: ({ id }, delayMs, { startedAtMs, failures }) =>
        lines.push(`${id} again in ${delayMs} ms, failure ${failures} since ${startedAtMs}`),
      onWorkerRecovered: ({ id }, { failures }) => lines.push(`${id} back from ${failures}`),
      onWorkerGivenUp: ({ id }, { failures }) => lines.push(`${id} given up after ${failures}`),
    },
  };
}

Deno.test("WorkerPool answers at once, with the first reason, when every worker has been given up (T19, §8.5)", async () => {
  const { pool, workers, clock } = createPoolBench({ maxRetryTimeoutMs: 1_000 });
  pool.scale(1, 1);
  await settlePromises();
  workers[0].say({
    type: "load_failed",
    failure: { message: "Cannot open /srv/libs/x.so: no weights.", file: "handler.ts", line: 7 },
    isOutOfMemory: false,
  });
  await clock.advance(1_000);
  workers[1].fail("another reason");
  await settlePromises();
  strictEqual(pool.aliveWorkers, 0);
  deepStrictEqual(pool.failure, {
    message: "Cannot open /srv/libs/x.so: no weights.",
    file: "handler.ts",
    line: 7,
  });
  await rejects(pool.predict(createCall("a", { modelVersion: "1.0" })), {
    code: "model_failed",
    message: 'Model "digits" Version 1.0" has no worker to serve inference request. Its workers ' +
      "failed: Cannot open x.so: no weights (handler.ts:7). They are not restarted any more, " +
      "use the scale workers API once the cause is mended",
  });
});

Deno.test("WorkerPool is healed by a scale call after all workers were given up", async () => {
  const { pool, workers, clock } = createPoolBench({ maxRetryTimeoutMs: 0 });
  pool.scale(1, 1);
  await settlePromises();
  workers[0].fail("boom");
  await clock.advance(1_000);
  ok(pool.failure);
  const scaled = pool.scale(1, 1);
  await settlePromises();
  workers[1].sayLoaded();
  deepStrictEqual(await scaled, ["ready"]);
  strictEqual(pool.failure, undefined);
  const answer = readText(pool.predict(createCall("a")));
  await settlePromises();
  workers[1].sayResult(workers[1].batches[0]);
  strictEqual(await answer, "a");
  deepStrictEqual(pool.describeWorkers().map(({ id }) => id), ["9001"]);
});

Deno.test("WorkerPool has no failure while another worker is alive, nor when it was scaled to none", async () => {
  const { pool, workers, clock } = createPoolBench({ maxRetryTimeoutMs: 0 });
  pool.scale(2, 2);
  await settlePromises();
  workers[0].fail("boom");
  workers[1].sayLoaded();
  strictEqual(pool.failure, undefined);
  pool.scale(0, 0);
  await clock.advance(5_000);
  strictEqual(pool.failure, undefined);
  await rejects(pool.predict(createCall("a")), { code: "model_busy" });
});

Deno.test("WorkerPool lets requests wait for the first restart, and tells the reason once a second start has failed (T19)", async () => {
  const { pool, workers, clock } = await createReadyBench(1);
  workers[0].fail("boom");
  const answer = rejects(pool.predict(createCall("a")), {
    code: "model_failed",
    message: /failed: boom\. They are being restarted, try again later$/,
    retryAfterMs: 750,
  });
  await clock.advance(4_000);
  strictEqual(pool.pendingRequests, 1);
  workers[1].fail("bang");
  await clock.advance(250);
  await answer;
  const young = readText(pool.predict(createCall("young")));
  await clock.advance(1_000);
  workers[2].sayLoaded();
  await settlePromises();
  workers[2].sayResult(workers[2].batches[0]);
  strictEqual(await young, "young");
});

Deno.test("WorkerPool lets requests wait for a first start that takes long", async () => {
  const { pool, workers, clock } = createPoolBench({ responseTimeoutMs: 500 });
  pool.scale(1, 1);
  const answer = readText(pool.predict(createCall("a")));
  await clock.advance(4_000);
  workers[0].sayLoaded();
  await settlePromises();
  deepStrictEqual(idsOf(workers[0]), [["a"]]);
  workers[0].sayResult(workers[0].batches[0]);
  strictEqual(await answer, "a");
});

Deno.test("WorkerPool fails a start at once, and for good, when startupTimeoutMs is 0 (T9)", async () => {
  const { pool, workers, clock, failures } = createPoolBench({ startupTimeoutMs: 0 });
  deepStrictEqual(await pool.scale(2, 2), ["failed", "failed"]);
  deepStrictEqual([workers.length, clock.pendingDelaysMs.length], [0, 0]);
  strictEqual(failures[0], "9000: The startup timeout is 0: no start is in time");
  await rejects(pool.predict(createCall("a")), { code: "model_failed" });
});

Deno.test("WorkerPool tells of failures, restarts and recovery in their order (§6, §8.5)", async () => {
  const { lines, events } = createDiary();
  const { pool, workers, clock } = createPoolBench({ maxRetryTimeoutMs: 3_000 }, [], events);
  pool.scale(1, 1);
  await clock.advance(40);
  workers[0].sayLoaded();
  await clock.advance(60);
  workers[0].fail("gone");
  await clock.advance(1_000);
  await clock.advance(5_000);
  deepStrictEqual(lines, [
    "9000 ready after 40 ms",
    "9000 disconnected: gone",
    "9000 again in 1000 ms, failure 1 since 100",
    "9000 startup_timeout: The model was not loaded within 5000 ms",
    "9000 given up after 2",
  ]);
});

Deno.test("WorkerPool tells that a worker is back, and what a silent or dying one did (§6)", async () => {
  const { lines, events } = createDiary();
  const { pool, workers, clock } = await createReadyBench(1, {}, events);
  lines.length = 0;
  pool.predict(createCall("a")).catch(() => {});
  await clock.advance(2_000);
  await clock.advance(1_000);
  workers[1].sayLoaded();
  workers[1].say({ type: "died", failure: { message: "exit" } });
  deepStrictEqual(lines, [
    "9000 response_timeout: No answer within 2000 ms",
    "9000 again in 1000 ms, failure 1 since 2000",
    "9000 ready after 0 ms",
    "9000 back from 1",
    "9000 died: exit",
    "9000 again in 1000 ms, failure 1 since 3000",
  ]);
});

Deno.test("WorkerPool ends the batch of a worker that is being stopped when it dies, and gives its memory back", async () => {
  const { pool, workers, clock } = await createReadyBench(1);
  const lost = rejects(pool.predict(createCall("a")), { code: "worker_died" });
  await settlePromises();
  const scaled = pool.scale(0, 0);
  workers[0].fail("boom");
  await lost;
  await clock.advance(5_000);
  await scaled;
  ok(workers[0].isTerminated);
  deepStrictEqual(pool.describeWorkers(), []);
});

Deno.test("WorkerPool warns of a thread that does not come back, and not of one that gives its model back", async () => {
  const warnings: string[] = [];
  const { pool, workers, clock } = createPoolBench({}, [], {
    onWorkerLog: (_worker, { level, message }) => warnings.push(`${level}: ${message}`),
  });
  pool.scale(2, 2);
  await settlePromises();
  workers[0].say({ type: "died", failure: { message: "boom" } });
  workers[0].say({ type: "released" });
  workers[1].say({ type: "died", failure: { message: "boom" } });
  await clock.advance(1_000);
  strictEqual(warnings.length, 1);
  ok(/^warning: The worker's thread does not come back.*isolation: process/.test(warnings[0]!));
});
