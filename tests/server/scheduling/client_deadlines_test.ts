import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { toAnswer } from "../../support/manual_carrier.ts";
import { settlePromises } from "../../support/manual_clock.ts";
import { createCall, createReadyBench, idsOf, readText } from "../../support/pool_bench.ts";

const LATE = {
  code: "request_timed_out",
  message:
    'Cannot answer the request in time: clientTimeoutInMills of model "digits" allows 300 ms',
};

Deno.test("WorkerPool answers a request that has waited for clientTimeoutMs, and no handler sees it (§1.13, T19)", async () => {
  const { pool, workers, clock } = await createReadyBench(1, { clientTimeoutMs: 300 });
  const running = readText(pool.predict(createCall("running")));
  await settlePromises();
  await clock.advance(100);
  const late = rejects(pool.predict(createCall("late")), LATE);
  await clock.advance(100);
  workers[0].sayResult(workers[0].batches[0]);
  strictEqual(await running, "running");
  // The worker is given "late" now, so what waits is the next one.
  const next = rejects(pool.predict(createCall("next")), LATE);
  await clock.advance(200);
  await late;
  await clock.advance(100);
  await next;
  workers[0].sayResult(workers[0].batches[1]);
  await settlePromises();
  deepStrictEqual(idsOf(workers[0]), [["running"], ["late"]]);
});

Deno.test("WorkerPool answers a request that runs for clientTimeoutMs and drops its answer; the worker goes on (§1.13)", async () => {
  const { pool, workers, clock, failures } = await createReadyBench(1, { clientTimeoutMs: 300 });
  const late = rejects(pool.predict(createCall("late")), LATE);
  await clock.advance(299);
  strictEqual(pool.aliveWorkers, 1);
  await clock.advance(1);
  await late;
  workers[0].sayResult(workers[0].batches[0]);
  const next = readText(pool.predict(createCall("next")));
  await settlePromises();
  workers[0].sayResult(workers[0].batches[1]);
  strictEqual(await next, "next");
  deepStrictEqual(failures, []);
});

Deno.test("WorkerPool lets a stream go on whose first chunk came within clientTimeoutMs", async () => {
  const { pool, workers, clock } = await createReadyBench(1, { clientTimeoutMs: 300 });
  const answer = pool.predict(createCall("a"));
  await settlePromises();
  workers[0].say({ type: "chunk", batchId: 0, index: 0, chunk: toAnswer("one ") });
  await clock.advance(301);
  workers[0].say({ type: "result", batchId: 0, busyMs: 1, answers: [toAnswer("two")] });
  strictEqual(await readText(answer), "one two");
});

Deno.test("WorkerPool drops chunks that come after clientTimeoutMs, and the worker goes on", async () => {
  const { pool, workers, clock } = await createReadyBench(1, { clientTimeoutMs: 300 });
  const late = rejects(pool.predict(createCall("a")), LATE);
  await clock.advance(300);
  await late;
  workers[0].say({ type: "chunk", batchId: 0, index: 0, chunk: toAnswer("one ") });
  workers[0].say({ type: "result", batchId: 0, busyMs: 1, answers: [toAnswer("two")] });
  strictEqual(pool.describeWorkers()[0]!.state, "ready");
});

Deno.test("WorkerPool lets a request take for ever where clientTimeoutMs is 0 (§9)", async () => {
  const { pool, workers, clock } = await createReadyBench(1, { responseTimeoutMs: 1e9 });
  const answer = readText(pool.predict(createCall("a")));
  await clock.advance(1e8);
  workers[0].sayResult(workers[0].batches[0]);
  strictEqual(await answer, "a");
});

Deno.test("WorkerPool keeps one timer for all deadlines, and none once all is answered", async () => {
  const { pool, workers, clock } = await createReadyBench(1, {
    batchSize: 8,
    clientTimeoutMs: 300,
  });
  for (let index = 0; index < 5; index++) pool.predict(createCall(`r${index}`));
  await settlePromises();
  deepStrictEqual(clock.pendingDelaysMs, [300, 2_000]);
  workers[0].sayResult(workers[0].batches[0]);
  await clock.advance(300);
  deepStrictEqual(clock.pendingDelaysMs, [1_700]);
});
