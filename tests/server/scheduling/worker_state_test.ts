import { deepStrictEqual, strictEqual } from "node:assert/strict";
import {
  nextWorkerState,
  type WorkerEvent,
  type WorkerState,
} from "../../../server/scheduling/worker_state.ts";

const STATES: readonly WorkerState[] = [
  "starting",
  "ready",
  "waiting",
  "failed",
  "stopping",
  "stopped",
];
const EVENTS: readonly WorkerEvent[] = ["loaded", "failed", "given_up", "retry", "stop", "ended"];

Deno.test.each([
  { state: "starting", leadsTo: { loaded: "ready", failed: "waiting", given_up: "failed" } },
  { state: "ready", leadsTo: { failed: "waiting", given_up: "failed" } },
  { state: "waiting", leadsTo: { retry: "starting" } },
  { state: "failed", leadsTo: {} },
])("nextWorkerState() knows all that may happen while $state (§8.8)", ({ state, leadsTo }) => {
  const found = EVENTS.map((event) => [event, nextWorkerState(state as WorkerState, event)])
    .filter(([, next]) => next !== undefined);
  deepStrictEqual(Object.fromEntries(found), { ...leadsTo, stop: "stopping" });
});

Deno.test("nextWorkerState() lets nothing but the end happen to a worker that was asked to stop", () => {
  const leavable = EVENTS.filter((event) => nextWorkerState("stopping", event) !== undefined);
  deepStrictEqual(leavable, ["ended"]);
  for (const event of EVENTS) strictEqual(nextWorkerState("stopped", event), undefined);
});

Deno.test("nextWorkerState() leads from every state to stopped", () => {
  for (const state of STATES.slice(0, 4)) {
    const stopping = nextWorkerState(state, "stop");
    strictEqual(stopping && nextWorkerState(stopping, "ended"), "stopped");
  }
});
