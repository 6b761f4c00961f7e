/** What a soak found, for people. */
import type { SoakOutcome } from "./_soak.ts";
import { MAX_GROWTH, type MemoryVerdict } from "./_memory_verdict.ts";

/** Nothing that fails the soak was found. */
export function isPassed({ ledger, memory }: SoakOutcome): boolean {
  return ledger.faultCount === 0 && (!memory.isJudged || memory.isFlat);
}

/** Requests by kind as a Markdown table: what was answered, what was refused, where we left. */
export function toRequestTable({ ledger }: SoakOutcome): string {
  const outcomesByKind = new Map<string, string[]>();
  for (const { kind, outcome, count } of ledger.rows) {
    const outcomes = outcomesByKind.get(kind) ?? [];
    outcomesByKind.set(kind, outcomes);
    outcomes.push(`${toCount(count)} ${outcome}`);
  }
  const rows = [...outcomesByKind].sort(([a], [b]) => a < b ? -1 : 1)
    .map(([kind, outcomes]) => `| ${kind} | ${outcomes.sort().join(", ")} |`);
  return ["| requests | ended |", "| --- | --- |", ...rows].join("\n");
}

/** The run in a few lines. */
export function toSummary(outcome: SoakOutcome): string {
  const { ledger, samples, memory, durationMs } = outcome;
  const perSecond = ledger.closed / (durationMs / 1000);
  const lines = [
    `${toCount(ledger.closed)} requests in ${(durationMs / 60_000).toFixed(1)} minutes, ` +
    `${toCount(perSecond)} a second; ${toCount(ledger.faultCount)} faults`,
    toMemoryText(memory),
  ];
  const last = samples.at(-1);
  if (last !== undefined) {
    const { heapMb, threads, openFiles } = last;
    lines.push(
      `At the end: heap of the main thread ${heapMb.toFixed(0)} MB, ${threads} threads, ` +
        `${openFiles} open files`,
    );
  }
  return [...lines, ...ledger.faults.map((fault) => `FAULT ${fault}`)].join("\n");
}

export function toMemoryText(memory: MemoryVerdict): string {
  if (!memory.isJudged) return `Memory is not judged: ${memory.samples} samples are too few`;
  const { firstMb, lastMb, growth, isFlat, warmUpMs } = memory;
  return `Memory after ${(warmUpMs / 1000).toFixed(0)} s of warm-up: first third ` +
    `${firstMb.toFixed(1)} MB, last third ${lastMb.toFixed(1)} MB, ${toPercent(growth)} ` +
    `(${isFlat ? "within" : "NOT WITHIN"} ${toPercent(MAX_GROWTH)})`;
}

function toPercent(share: number): string {
  return `${share >= 0 ? "+" : "−"}${(Math.abs(share) * 100).toFixed(1)} %`;
}

function toCount(count: number): string {
  return Math.round(count).toString().replace(/\B(?=(\d{3})+$)/g, ",");
}
