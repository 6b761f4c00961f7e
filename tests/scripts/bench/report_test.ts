import { deepStrictEqual, strictEqual } from "node:assert/strict";
import {
  type Figure,
  isGoalReached,
  summarizeRatios,
  toMarkdownTable,
  toMedian,
  toText,
} from "../../../scripts/bench/_report.ts";
import { toBarChart } from "../../../scripts/bench/_chart.ts";

const RATIO: Figure = {
  group: "ratio",
  name: "a ÷ b",
  value: 1.4949,
  unit: "x",
  goal: { bound: "at least", value: 1.5 },
};

Deno.test("toMedian() takes the middle value, or the mean of the two middle ones", () => {
  strictEqual(toMedian([9, 1, 5]), 5);
  strictEqual(toMedian([4, 1, 9, 2]), 3);
});

Deno.test("toText() keeps three digits below 100 and puts commas into thousands", () => {
  strictEqual(toText(0.02749), "0.0275");
  strictEqual(toText(99.96), "100");
  strictEqual(toText(1234567.8), "1,234,568");
});

Deno.test("isGoalReached() compares what was measured, not what the table rounds it to", () => {
  strictEqual(isGoalReached({ ...RATIO, value: 1.4999 }), false);
  strictEqual(isGoalReached({ ...RATIO, value: 1.5 }), true);
  strictEqual(isGoalReached({ ...RATIO, goal: { bound: "at most", value: 1.5 } }), true);
  strictEqual(isGoalReached({ ...RATIO, goal: undefined }), true);
});

Deno.test("toMarkdownTable() says of each goal whether it was reached", () => {
  const table = toMarkdownTable([RATIO, {
    group: "Marina",
    name: "c",
    value: 17000.4,
    unit: "requests/s",
    p50Ms: 1.5,
    p99Ms: 2,
  }]);
  strictEqual(
    table,
    [
      "| what   | how   | figure            | p50 / p99 ms | goal          |",
      "| ------ | ----- | ----------------- | ------------ | ------------- |",
      "| ratio  | a ÷ b | 1.49 ×            |              | ≥ 1.5: missed |",
      "| Marina | c     | 17,000 requests/s | 1.5 / 2      |               |",
    ].join("\n"),
  );
});

Deno.test("toBarChart() draws the longest bar first, as long as its share, with escaped names", () => {
  const figure = (name: string, value: number): Figure => ({
    group: "peer",
    name,
    value,
    unit: "requests/s",
  });
  const chart = toBarChart("A & B", [figure("half", 500), figure("<whole>", 1000)]);
  strictEqual(chart.includes("<title>A &amp; B</title>"), true);
  strictEqual(chart.indexOf("&lt;whole&gt;") < chart.indexOf("half"), true);
  strictEqual(
    [...chart.matchAll(/<rect x="390"[^>]* width="([\d.]+)"/g)].join().includes("310.0"),
    true,
  );
  strictEqual(chart.includes('width="155.0"'), true);
});

Deno.test("summarizeRatios() divides round by round, and tells the middle half of what comes out", () => {
  // A machine that slows down by half after two rounds: each round still says that one side has 0.8 of the other.
  const steady = summarizeRatios([80, 80, 40, 40], [100, 100, 50, 50]);
  deepStrictEqual([steady.median, steady.lower, steady.upper], [0.8, 0.8, 0.8]);
  const spread = summarizeRatios([5, 1, 4, 2, 3], [10, 10, 10, 10, 10]);
  deepStrictEqual(spread, { numerator: 3, denominator: 10, median: 0.3, lower: 0.2, upper: 0.4 });
});
