/** What a run of the bench hands on: figures for programs, tables for people. */

/** One figure with everything that is needed to read it alone. */
export interface Figure {
  /** What was measured: `"Marina"`, `"in process"`, `"ratio"`, … */
  readonly group: string;
  /** `"mlp, JSON, 1 worker, batch 1, 16 connections"` */
  readonly name: string;
  readonly value: number;
  readonly unit: "requests/s" | "rows/s" | "ms" | "MB" | "s" | "x";
  readonly p50Ms?: number;
  readonly p99Ms?: number;
  /** The goal in the same unit, where there is one. */
  readonly goal?: { readonly bound: "at least" | "at most"; readonly value: number };
}

/** Whether a figure reaches its goal; true where it has none. */
export function isGoalReached({ value, goal }: Figure): boolean {
  if (goal === undefined) return true;
  return goal.bound === "at least" ? value >= goal.value : value <= goal.value;
}

/** Writes figures as one Markdown table, which is also how the terminal shows them. */
export function toMarkdownTable(figures: readonly Figure[]): string {
  const rows = figures.map(toCells);
  const head = ["what", "how", "figure", "p50 / p99 ms", "goal"];
  const widths = head.map((text, column) =>
    Math.max(text.length, ...rows.map((row) => row[column]!.length))
  );
  const toRow = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`;
  return [toRow(head), toRow(widths.map((width) => "-".repeat(width))), ...rows.map(toRow)]
    .join("\n");
}

/** One figure as a line, for those who watch the run. */
export function toLine(figure: Figure): string {
  return toCells(figure).filter((cell) => cell !== "").join(" · ");
}

function toCells(figure: Figure): readonly string[] {
  return [
    figure.group,
    figure.name,
    `${toText(figure.value)} ${figure.unit === "x" ? "×" : figure.unit}`,
    figure.p50Ms === undefined ? "" : `${toText(figure.p50Ms)} / ${toText(figure.p99Ms ?? 0)}`,
    figure.goal === undefined ? "" : toGoalText(figure),
  ];
}

function toGoalText(figure: Figure): string {
  const { bound, value } = figure.goal!;
  const outcome = isGoalReached(figure) ? "reached" : "missed";
  return `${bound === "at least" ? "≥" : "≤"} ${toText(value)}: ${outcome}`;
}

/** Three significant digits below 100, whole numbers with thousands' commas above. */
export function toText(value: number): string {
  if (Math.abs(value) >= 100) {
    return Math.round(value).toString().replace(/\B(?=(\d{3})+$)/g, ",");
  }
  return Number(value.toPrecision(3)).toString();
}

/** The middle value; of an even count, the mean of the two middle ones. */
export function toMedian(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** What the rounds of two sides say together. */
export interface RatioSummary {
  /** The medians of each side alone. */
  readonly numerator: number;
  readonly denominator: number;
  /** Of the rounds' own ratios: the middle one, and the borders of the middle half. */
  readonly median: number;
  readonly lower: number;
  readonly upper: number;
}

/** Divides round by round, since the two sides of one round share the machine's mood. */
export function summarizeRatios(
  numerators: readonly number[],
  denominators: readonly number[],
): RatioSummary {
  const ratios = numerators.map((value, i) => value / denominators[i]!).sort((a, b) => a - b);
  const half = Math.ceil(ratios.length / 2);
  return {
    numerator: toMedian(numerators),
    denominator: toMedian(denominators),
    median: toMedian(ratios),
    lower: toMedian(ratios.slice(0, half)),
    upper: toMedian(ratios.slice(-half)),
  };
}
