/** A model version's life, worked out of its workers and of what is being done with it. */

import type { WorkerState } from "../scheduling/mod.ts";

/**
 * Where a model version is in its life.
 *
 * | state | meaning | a request |
 * | --- | --- | --- |
 * | `idle` | it is to have no workers and has none | is refused |
 * | `starting` | no worker is ready, one may come to be: it loads, or is started again | waits |
 * | `ready` | as many workers as it is to have are ready | is answered |
 * | `degraded` | some are ready, but fewer | is answered |
 * | `failed` | every worker has been given up | is refused at once, with the first error |
 * | `draining` | taken out or replaced: what is in flight finishes | does not get here |
 * | `removed` | its workers have ended, its files are gone | does not get here |
 *
 * ```text
 * idle ◀──scale──▶ starting ──▶ ready ◀──▶ degraded
 *                     │           │            │
 *                     └───────────┴─────┬──────┘ workers given up
 *                                       ▼
 *                                    failed ──scale──▶ starting
 *
 * idle, starting, ready, degraded, failed ──unregister, replace──▶ draining ──▶ removed
 * ```
 */
export type VersionState =
  | "idle"
  | "starting"
  | "ready"
  | "degraded"
  | "failed"
  | "draining"
  | "removed";

/** What is being done with a version: `serving` until somebody takes it out. */
export type VersionPhase = "serving" | "draining" | "removed";

/** What a version's state follows from. */
export interface VersionFacts {
  readonly phase: VersionPhase;
  /** Workers that it is to have at least, 0 or more. */
  readonly minWorkers: number;
  readonly workers: readonly { readonly state: WorkerState }[];
}

/**
 * The state that follows from the facts, for descriptions, health and readiness.
 *
 * @example One of two workers has failed for good
 * ```ts
 * import { strictEqual } from "node:assert";
 * import { toVersionState } from "./version_state.ts";
 *
 * const workers = [{ state: "ready" }, { state: "failed" }] as const;
 * strictEqual(toVersionState({ phase: "serving", minWorkers: 2, workers }), "degraded");
 * strictEqual(toVersionState({ phase: "serving", minWorkers: 1, workers }), "ready");
 * strictEqual(toVersionState({ phase: "draining", minWorkers: 1, workers }), "draining");
 * ```
 */
export function toVersionState({ phase, minWorkers, workers }: VersionFacts): VersionState {
  if (phase !== "serving") return phase;
  let ready = 0;
  let coming = 0;
  let failed = 0;
  for (const { state } of workers) {
    switch (state) {
      case "ready":
        ready++;
        break;
      case "starting":
      case "waiting":
        coming++;
        break;
      case "failed":
        failed++;
        break;
      case "stopping":
      case "stopped":
        break;
    }
  }
  if (ready > 0) return ready >= minWorkers ? "ready" : "degraded";
  if (coming > 0) return "starting";
  if (failed > 0) return "failed";
  return minWorkers > 0 ? "starting" : "idle";
}

/** True if a worker can answer now: what a readiness probe asks. */
export function isReadyState(state: VersionState): boolean {
  return state === "ready" || state === "degraded";
}

/**
 * True if as many workers as a version is to have run, load, or may come back by themselves: what
 * `/ping` asks, so that a server is not restarted while it starts.
 */
export function isHealthy({ minWorkers, workers }: Omit<VersionFacts, "phase">): boolean {
  let alive = 0;
  for (const { state } of workers) {
    if (state === "ready" || state === "starting" || state === "waiting") alive++;
  }
  return alive >= minWorkers;
}
