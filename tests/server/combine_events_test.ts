import { deepStrictEqual } from "node:assert/strict";
import { combineEvents } from "../../server/combine_events.ts";
import type { PoolEvents, WorkerDescription } from "../../server/scheduling/mod.ts";

const WORKER: WorkerDescription = {
  id: "9000",
  startedAtMs: 0,
  state: "ready",
  gpuId: null,
  executionProvider: "cpu",
};

/** A listener with state of its own, as a class has it. */
class Recorder implements PoolEvents {
  readonly told: unknown[][] = [];

  onWorkerReady(...values: unknown[]): void {
    this.told.push(["ready", ...values]);
  }
  onWorkerFailure(): void {}
  onWorkerLog(): void {}
  onBatchDone(): void {}
}

Deno.test("combineEvents() tells each listener, and leaves out those who do not listen to an event", () => {
  const [first, second] = [new Recorder(), new Recorder()];
  const retries: number[] = [];
  const third: PoolEvents = Object.assign(new Recorder(), {
    onWorkerRetry: (_: WorkerDescription, delayMs: number) => void retries.push(delayMs),
  });
  const events = combineEvents(first, second, third);
  events.onWorkerReady(WORKER, 12);
  events.onWorkerRetry(WORKER, 1_000, { startedAtMs: 0, failures: 1 });
  deepStrictEqual(first.told, [["ready", WORKER, 12]]);
  deepStrictEqual(second.told, first.told);
  deepStrictEqual(retries, [1_000]);
});
