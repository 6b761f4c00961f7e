import { strictEqual } from "node:assert/strict";
import {
  decideScaling,
  type ScalingLimits,
  type ScalingLoad,
} from "../../../server/scheduling/autoscaler.ts";

const LIMITS: ScalingLimits = {
  minWorkers: 1,
  maxWorkers: 3,
  scaleUpQueueMs: 500,
  scaleDownIdleMs: 10_000,
};

/** Two workers, both busy, and a queue that is long enough for a third. */
const CROWDED: ScalingLoad = {
  workers: 2,
  unready: 0,
  waitingRequests: 5,
  oldestWaitMs: 500,
  settledForMs: 500,
  longestIdleMs: 0,
};

/** Two workers, one of them idle for long enough. */
const QUIET: ScalingLoad = {
  workers: 2,
  unready: 0,
  waitingRequests: 0,
  oldestWaitMs: 0,
  settledForMs: 60_000,
  longestIdleMs: 10_000,
};

Deno.test("decideScaling() grows once a request has waited for scaleUpQueueMs", () => {
  strictEqual(decideScaling(LIMITS, CROWDED), "grow");
  strictEqual(decideScaling(LIMITS, { ...CROWDED, oldestWaitMs: 499 }), "none");
});

Deno.test.each([
  { when: "maxWorkers are there", limits: {}, load: { workers: 3 } },
  { when: "a worker is starting or has failed", limits: {}, load: { unready: 1 } },
  { when: "the last change was just now", limits: {}, load: { settledForMs: 499 } },
  { when: "scaleUpQueueMs is 0", limits: { scaleUpQueueMs: 0 }, load: {} },
  { when: "minWorkers is 0", limits: { minWorkers: 0 }, load: {} },
  { when: "there is no worker", limits: {}, load: { workers: 0 } },
])("decideScaling() does not grow when $when", ({ limits, load }) => {
  strictEqual(decideScaling({ ...LIMITS, ...limits }, { ...CROWDED, ...load }), "none");
});

Deno.test("decideScaling() shrinks once a worker has been idle for scaleDownIdleMs", () => {
  strictEqual(decideScaling(LIMITS, QUIET), "shrink");
  strictEqual(decideScaling(LIMITS, { ...QUIET, longestIdleMs: 9_999 }), "none");
});

Deno.test.each([
  { when: "only minWorkers are left", load: { workers: 1 } },
  { when: "a request waits", load: { waitingRequests: 1, oldestWaitMs: 3 } },
])("decideScaling() does not shrink when $when", ({ load }) => {
  strictEqual(decideScaling(LIMITS, { ...QUIET, ...load }), "none");
});
