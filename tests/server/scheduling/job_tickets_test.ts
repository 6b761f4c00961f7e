import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { settlePromises } from "../../support/manual_clock.ts";
import {
  createCall,
  createPoolBench,
  createReadyBench,
  readText,
} from "../../support/pool_bench.ts";

const TICKETS = { usesJobTickets: true };
const BUSY = { code: "model_busy", message: /^Model "digits" has no worker/ };

Deno.test("WorkerPool with job tickets takes a request for each idle worker, and refuses the next at once (§1.13, T18)", async () => {
  const { pool, workers } = await createReadyBench(2, TICKETS);
  const answers = ["a", "b"].map((id) => readText(pool.predict(createCall(id))));
  await rejects(pool.predict(createCall("one too many")), BUSY);
  await settlePromises();
  await rejects(pool.predict(createCall("while both are busy")), BUSY);
  for (const worker of workers) worker.sayResult(worker.batches[0]);
  deepStrictEqual(await Promise.all(answers), ["a", "b"]);
  const next = readText(pool.predict(createCall("next")));
  await settlePromises();
  workers[0].sayResult(workers[0].batches[1]);
  strictEqual(await next, "next");
});

Deno.test("WorkerPool with job tickets refuses while its only worker is loading", async () => {
  const { pool } = createPoolBench(TICKETS);
  pool.scale(1, 1);
  await settlePromises();
  await rejects(pool.predict(createCall("early")), BUSY);
});
