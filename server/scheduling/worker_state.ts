/** A worker's life as one table: everything that may happen in each state. */

/**
 * Where a worker is in its life.
 *
 * ```text
 *    ┌──────────────────────────────────┐ retry
 *    ▼                                  │
 * starting ──loaded──▶ ready            │
 *    │  │                │              │
 *    │  └─────failed─────┴────────▶ waiting
 *    │                   │
 *    └─────given_up──────┴───▶ failed
 *
 * starting, ready, waiting, failed ──stop──▶ stopping ──ended──▶ stopped
 * ```
 *
 * Only `ready` workers answer requests.
 */
export type WorkerState = "starting" | "ready" | "stopping" | "stopped" | "waiting" | "failed";

/**
 * What happens to a worker.
 *
 * | event | meaning |
 * | --- | --- |
 * | `loaded` | model and handler are loaded, the warm-up is done |
 * | `failed` | something went wrong, and it is started again after a while |
 * | `given_up` | something went wrong, and it is not started again |
 * | `retry` | the while is over |
 * | `stop` | its owner wants it no more |
 * | `ended` | its thread is gone and its memory given back |
 */
export type WorkerEvent = "loaded" | "failed" | "given_up" | "retry" | "stop" | "ended";

/**
 * The state after an event, or `undefined` when the event means nothing in that state: a message may
 * come from a worker that is being ended already.
 *
 * @example A worker fails, waits, and comes back
 * ```ts
 * import { strictEqual } from "node:assert";
 * import { nextWorkerState } from "./worker_state.ts";
 *
 * strictEqual(nextWorkerState("ready", "failed"), "waiting");
 * strictEqual(nextWorkerState("waiting", "retry"), "starting");
 * strictEqual(nextWorkerState("starting", "loaded"), "ready");
 * strictEqual(nextWorkerState("stopping", "loaded"), undefined);
 * ```
 */
export function nextWorkerState(state: WorkerState, event: WorkerEvent): WorkerState | undefined {
  switch (state) {
    case "starting":
      if (event === "loaded") return "ready";
      if (event === "failed") return "waiting";
      if (event === "given_up") return "failed";
      return event === "stop" ? "stopping" : undefined;
    case "ready":
      if (event === "failed") return "waiting";
      if (event === "given_up") return "failed";
      return event === "stop" ? "stopping" : undefined;
    case "waiting":
      if (event === "retry") return "starting";
      return event === "stop" ? "stopping" : undefined;
    case "failed":
      return event === "stop" ? "stopping" : undefined;
    case "stopping":
      return event === "ended" ? "stopped" : undefined;
    case "stopped":
      return undefined;
  }
}
