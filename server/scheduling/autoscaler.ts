/** When a model version gets one worker more, or one less: counted numbers in, a decision out. */

/** What may be chosen. */
export interface ScalingLimits {
  readonly minWorkers: number;
  readonly maxWorkers: number;
  /** How long a request waits before a worker is added; 0: none is. */
  readonly scaleUpQueueMs: number;
  /** How long a worker above `minWorkers` is idle before it is stopped. */
  readonly scaleDownIdleMs: number;
}

/** What is. */
export interface ScalingLoad {
  /** Workers that run or may come back by themselves. */
  readonly workers: number;
  /** Those of all workers that are not ready: starting, waiting for a restart, given up. */
  readonly unready: number;
  readonly waitingRequests: number;
  /** How long the oldest request has waited; 0 when none waits. */
  readonly oldestWaitMs: number;
  /** Since the last worker was added or taken away, or became ready. */
  readonly settledForMs: number;
  /** Of the worker that has had nothing to do for the longest time; 0 when all are busy. */
  readonly longestIdleMs: number;
}

export type ScalingDecision = "grow" | "shrink" | "none";

/**
 * Decides on one step.
 *
 * A worker is added when a request has waited for `scaleUpQueueMs`, and as much time has passed since the
 * last change, so that a new worker gets the chance to empty the queue. It is added one at a time, and
 * none while another is starting or has failed: more of the same would not help. A version without any
 * worker gets none: `minWorkers` of 0 means that it is switched off.
 *
 * A worker is taken away when nothing waits and one has been idle for `scaleDownIdleMs`.
 *
 * @example A request has waited for a second, and two workers are allowed
 * ```ts
 * import { strictEqual } from "node:assert";
 * import { decideScaling } from "./autoscaler.ts";
 *
 * const limits = { minWorkers: 1, maxWorkers: 2, scaleUpQueueMs: 500, scaleDownIdleMs: 60_000 };
 * const load = {
 *   workers: 1, unready: 0, waitingRequests: 3, oldestWaitMs: 1_000,
 *   settledForMs: 9_000, longestIdleMs: 0,
 * };
 * strictEqual(decideScaling(limits, load), "grow");
 * strictEqual(decideScaling(limits, { ...load, unready: 1 }), "none");
 * ```
 */
export function decideScaling(limits: ScalingLimits, load: ScalingLoad): ScalingDecision {
  const { minWorkers, maxWorkers, scaleUpQueueMs, scaleDownIdleMs } = limits;
  const { workers, unready, waitingRequests, oldestWaitMs, settledForMs, longestIdleMs } = load;
  if (minWorkers === 0 || workers === 0) return "none";
  if (waitingRequests > 0) {
    const isDue = Math.min(oldestWaitMs, settledForMs) >= scaleUpQueueMs;
    return scaleUpQueueMs > 0 && workers < maxWorkers && unready === 0 && isDue ? "grow" : "none";
  }
  return workers > minWorkers && longestIdleMs >= scaleDownIdleMs && longestIdleMs > 0
    ? "shrink"
    : "none";
}
