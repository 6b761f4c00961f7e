import { deepStrictEqual, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import type { WorkerState } from "../../../server/scheduling/mod.ts";
import {
  isHealthy,
  isReadyState,
  toVersionState,
  type VersionState,
} from "../../../server/models/version_state.ts";

const WORKER_STATES = ["starting", "ready", "stopping", "stopped", "waiting", "failed"] as const;

function toWorkers(states: readonly WorkerState[]) {
  return states.map((state) => ({ state }));
}

Deno.test.each<{ min: number; states: WorkerState[]; state: VersionState; healthy: boolean }>([
  { min: 0, states: [], state: "idle", healthy: true },
  { min: 0, states: ["stopping"], state: "idle", healthy: true },
  { min: 0, states: ["ready"], state: "ready", healthy: true },
  { min: 0, states: ["failed"], state: "failed", healthy: true },
  { min: 1, states: [], state: "starting", healthy: false },
  { min: 1, states: ["starting"], state: "starting", healthy: true },
  { min: 1, states: ["waiting"], state: "starting", healthy: true },
  { min: 1, states: ["failed"], state: "failed", healthy: false },
  { min: 1, states: ["failed", "stopping"], state: "failed", healthy: false },
  { min: 1, states: ["failed", "waiting"], state: "starting", healthy: true },
  { min: 1, states: ["ready", "stopping"], state: "ready", healthy: true },
  { min: 2, states: ["ready", "starting"], state: "degraded", healthy: true },
  { min: 2, states: ["ready", "waiting"], state: "degraded", healthy: true },
  { min: 2, states: ["ready", "failed"], state: "degraded", healthy: false },
  { min: 2, states: ["ready", "ready", "ready"], state: "ready", healthy: true },
])("toVersionState() says $state of $states where $min are wanted (§8.6, T21)", (row) => {
  const facts = { minWorkers: row.min, workers: toWorkers(row.states) };
  strictEqual(toVersionState({ phase: "serving", ...facts }), row.state);
  strictEqual(isHealthy(facts), row.healthy);
});

Deno.test("toVersionState() says what is being done with a version before anything of its workers", () => {
  const facts = { minWorkers: 1, workers: toWorkers(["ready"]) };
  deepStrictEqual(
    [
      toVersionState({ phase: "draining", ...facts }),
      toVersionState({ phase: "removed", ...facts }),
    ],
    ["draining", "removed"],
  );
});

Deno.test("isReadyState() holds exactly where a worker is ready, whatever else there is (T21)", () => {
  const workers = fc.array(fc.constantFrom(...WORKER_STATES), { maxLength: 6 });
  fc.assert(fc.property(workers, fc.nat({ max: 4 }), (states, minWorkers) => {
    const state = toVersionState({ phase: "serving", minWorkers, workers: toWorkers(states) });
    strictEqual(isReadyState(state), states.includes("ready"));
  }));
});
