import type { Sample } from "./_memory_probe.ts";

/** How much the last third may lie above the first. */
export const MAX_GROWTH = 0.05;

/** The part of the run that is left out at its start, at most {@linkcode MAX_WARM_UP_MS}. */
const WARM_UP_SHARE = 0.2;
const MAX_WARM_UP_MS = 180_000;

/** Samples of a third below which its mean says nothing. */
const MIN_SAMPLES = 5;

/** What the samples say about memory; `growth` is a share, 0.05 for 5 %. */
export type MemoryVerdict =
  | { readonly isJudged: false; readonly samples: number }
  | {
    readonly isJudged: true;
    readonly isFlat: boolean;
    readonly warmUpMs: number;
    readonly firstMb: number;
    readonly lastMb: number;
    readonly growth: number;
  };

/**
 * Compares the mean of the last third of a run with that of its first, warm-up apart.
 *
 * @param durationMs Of the load, warm-up included.
 *
 * @example Five samples a third
 * ```ts
 * import { deepStrictEqual } from "node:assert";
 * import { judgeMemory } from "./_memory_verdict.ts";
 *
 * const rest = { heapMb: 0, threads: 0, openFiles: 0, requests: 0 };
 * const samples = Array.from({ length: 20 }, (_, i) => ({ ...rest, atMs: i, pssMb: 100 + i }));
 * const verdict = judgeMemory(samples, 20);
 * deepStrictEqual(verdict.isJudged && [verdict.firstMb, verdict.lastMb, verdict.isFlat], [
 *   106,
 *   117,
 *   false,
 * ]);
 * ```
 */
export function judgeMemory(samples: readonly Sample[], durationMs: number): MemoryVerdict {
  const warmUpMs = toWarmUpMs(durationMs);
  const warm = samples.filter(({ atMs }) => atMs >= warmUpMs);
  const third = Math.floor(warm.length / 3);
  if (third < MIN_SAMPLES) return { isJudged: false, samples: warm.length };
  const firstMb = toMean(warm.slice(0, third));
  const lastMb = toMean(warm.slice(-third));
  const growth = lastMb / firstMb - 1;
  return { isJudged: true, isFlat: growth <= MAX_GROWTH, warmUpMs, firstMb, lastMb, growth };
}

/** How much of a run is warm-up. */
export function toWarmUpMs(durationMs: number): number {
  return Math.min(durationMs * WARM_UP_SHARE, MAX_WARM_UP_MS);
}

function toMean(samples: readonly Sample[]): number {
  return samples.reduce((sum, { pssMb }) => sum + pssMb, 0) / samples.length;
}
