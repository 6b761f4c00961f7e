import { deepStrictEqual, ok } from "node:assert/strict";
import type { Sample } from "../../../scripts/soak/_memory_probe.ts";
import { judgeMemory } from "../../../scripts/soak/_memory_verdict.ts";

/** One sample every 10 s, as a run of 10 minutes takes them. */
function toSamples(toPssMb: (minute: number) => number): readonly Sample[] {
  return Array.from({ length: 60 }, (_, i) => ({
    atMs: i * 10_000,
    pssMb: toPssMb(i / 6),
    heapMb: 0,
    threads: 0,
    openFiles: 0,
    requests: 0,
  }));
}

Deno.test("judgeMemory() leaves out the warm-up, and finds a leak of 2 % a minute", () => {
  const flat = judgeMemory(toSamples((minute) => minute < 2 ? 50 + minute * 25 : 100), 600_000);
  ok(flat.isJudged && flat.isFlat);
  deepStrictEqual([flat.firstMb, flat.lastMb, flat.warmUpMs], [100, 100, 120_000]);
  const leaking = judgeMemory(toSamples((minute) => 100 + 2 * minute), 600_000);
  ok(leaking.isJudged && !leaking.isFlat);
});

Deno.test("judgeMemory() does not judge a run with too few samples", () => {
  const verdict = judgeMemory(toSamples(() => 100).slice(0, 14), 140_000);
  deepStrictEqual(verdict, { isJudged: false, samples: 11 });
});
