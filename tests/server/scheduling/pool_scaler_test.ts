import { deepStrictEqual, strictEqual } from "node:assert/strict";
import type { PoolEvents, PoolSettings } from "../../../server/scheduling/mod.ts";
import { settlePromises } from "../../support/manual_clock.ts";
import { createCall, createPoolBench, type PoolBench } from "../../support/pool_bench.ts";

const ELASTIC: Partial<PoolSettings> = {
  scaleUpQueueMs: 500,
  scaleDownIdleMs: 10_000,
  responseTimeoutMs: 1e6,
};

interface ElasticBench extends PoolBench {
  /** `from→to: reason` of each change. */
  readonly changes: string[];
}

/** One loaded worker of at most `max`. */
async function createElasticBench(
  max: number,
  settings: Partial<PoolSettings> = {},
): Promise<ElasticBench> {
  const changes: string[] = [];
  const events: Partial<PoolEvents> = {
    onScaling: ({ from, to, reason }) => changes.push(`${from}→${to}: ${reason}`),
  };
  const bench = createPoolBench({ ...ELASTIC, ...settings }, [], events);
  const scaled = bench.pool.scale(1, max);
  await settlePromises();
  bench.workers[0].sayLoaded();
  await scaled;
  return { ...bench, changes };
}

function ask({ pool }: PoolBench, count: number): void {
  for (let index = 0; index < count; index++) {
    pool.predict(createCall(`r${index}`)).catch(() => {});
  }
}

/** Answers all that the workers are given, until nothing waits. */
async function answerAll({ pool, workers }: PoolBench): Promise<void> {
  const answered = workers.map((worker) => worker.batches.length - 1);
  for (;;) {
    let isDone = pool.pendingRequests === 0;
    for (const [index, worker] of workers.entries()) {
      for (; (answered[index] ?? 0) < worker.batches.length; answered[index]!++) {
        const batch = worker.batches[answered[index]!];
        if (batch !== undefined) worker.sayResult(batch);
        isDone = false;
      }
    }
    await settlePromises();
    if (isDone) return;
  }
}

Deno.test("WorkerPool starts one worker more when a request has waited for scaleUpQueueMs, and none while it starts", async () => {
  const bench = await createElasticBench(3);
  await bench.clock.advance(1_000);
  ask(bench, 4);
  await bench.clock.advance(499);
  strictEqual(bench.workers.length, 1);
  await bench.clock.advance(1);
  strictEqual(bench.workers.length, 2);
  await bench.clock.advance(3_000);
  strictEqual(bench.workers.length, 2);
  deepStrictEqual(bench.changes, ["1→2: the oldest request has waited 500 ms"]);
});

Deno.test("WorkerPool grows on up to maxWorkers while the queue still waits too long", async () => {
  const bench = await createElasticBench(3);
  ask(bench, 9);
  for (const count of [2, 3, 3]) {
    await bench.clock.advance(1_000);
    strictEqual(bench.workers.length, count);
    bench.workers.at(-1)!.sayLoaded();
  }
  strictEqual(bench.pool.aliveWorkers, 3);
});

Deno.test("WorkerPool stops the newest idle workers one by one, down to minWorkers, and has no timer then", async () => {
  const bench = await createElasticBench(3);
  ask(bench, 9);
  for (let turn = 0; turn < 2; turn++) {
    await bench.clock.advance(1_000);
    bench.workers.at(-1)!.sayLoaded();
    await settlePromises();
  }
  await answerAll(bench);
  await bench.clock.advance(9_900);
  strictEqual(bench.pool.aliveWorkers, 3);
  await bench.clock.advance(100);
  strictEqual(bench.pool.aliveWorkers, 2);
  await bench.clock.advance(20_000);
  deepStrictEqual(bench.pool.describeWorkers().map(({ id }) => id), ["9000"]);
  strictEqual(bench.changes.length, 4);
  strictEqual(bench.changes[2], "3→2: a worker has been idle for 10000 ms");
  await bench.clock.advance(1e6);
  deepStrictEqual(bench.clock.pendingDelaysMs, []);
});

Deno.test("WorkerPool takes an idle worker away, and not the newer one that is at work", async () => {
  const bench = await createElasticBench(2, { scaleDownIdleMs: 1_000 });
  ask(bench, 3);
  await bench.clock.advance(500);
  bench.workers[1].sayLoaded();
  await settlePromises();
  // The older worker is done and idle; the newer one is still at its batch.
  bench.workers[0].sayResult(bench.workers[0].batches[0]);
  await settlePromises();
  bench.workers[0].sayResult(bench.workers[0].batches[1]);
  await bench.clock.advance(1_100);
  deepStrictEqual(bench.pool.describeWorkers().map(({ id, state }) => [id, state]), [
    ["9000", "stopping"],
    ["9001", "ready"],
  ]);
});

Deno.test("WorkerPool does not add workers to one that fails", async () => {
  const bench = await createElasticBench(3);
  bench.workers[0].fail("boom");
  ask(bench, 5);
  await bench.clock.advance(1_000);
  bench.workers[1].fail("boom");
  await bench.clock.advance(1_000);
  deepStrictEqual([bench.workers.length, bench.changes], [3, []]);
});

Deno.test.each([
  { name: "maxWorkers is minWorkers", max: 1, settings: {} },
  { name: "scaleUpQueueMs is 0", max: 3, settings: { scaleUpQueueMs: 0 } },
])("WorkerPool never grows where $name", async ({ max, settings }) => {
  const bench = await createElasticBench(max, settings);
  ask(bench, 5);
  await bench.clock.advance(60_000);
  strictEqual(bench.workers.length, 1);
});

Deno.test("WorkerPool.scale() goes before the load: the numbers asked for last hold", async () => {
  const bench = await createElasticBench(3);
  ask(bench, 9);
  await bench.clock.advance(500);
  strictEqual(bench.pool.aliveWorkers, 2);
  bench.pool.scale(1, 1);
  await bench.clock.advance(10_000);
  deepStrictEqual(bench.pool.describeWorkers().map(({ id }) => id), ["9000"]);
  strictEqual(bench.workers.length, 2);
});

Deno.test("WorkerPool.scale() with a min of 0 stops all, whatever the max is (§8.2)", async () => {
  const bench = await createElasticBench(3);
  bench.pool.scale(0, 3);
  await bench.clock.advance(10_000);
  strictEqual(bench.pool.aliveWorkers, 0);
});
