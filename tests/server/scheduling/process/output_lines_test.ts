import { deepStrictEqual } from "node:assert/strict";
import { LEFT_OUT_TEXT } from "../../../../server/scheduling/line_budget.ts";
import { OutputLines } from "../../../../server/scheduling/process/_output_lines.ts";
import { ManualClock } from "../../../support/manual_clock.ts";

Deno.test("OutputLines logs 1,000 lines of a second, says that the rest is left out, and keeps the last lines all the same", async () => {
  const clock = new ManualClock();
  const lines: string[] = [];
  const output = new OutputLines(clock, (line) => lines.push(line));
  const numbers = Array.from({ length: 5_000 }, (_, index) => String(index));
  const collected = output.collect(ReadableStream.from([
    new TextEncoder().encode(`${numbers.slice(0, 3_000).join("\n")}\n`),
    new TextEncoder().encode(numbers.slice(3_000).join("\n")),
  ]));
  while (clock.pendingDelaysMs.length === 0) await new Promise((resolve) => setTimeout(resolve));
  deepStrictEqual(clock.pendingDelaysMs, [10]);
  await clock.advance(10);
  while (clock.pendingDelaysMs.length === 0) await new Promise((resolve) => setTimeout(resolve));
  await clock.advance(10);
  await collected;
  deepStrictEqual(lines, [...numbers.slice(0, 1_000), LEFT_OUT_TEXT]);
  deepStrictEqual(output.last, numbers.slice(-20));
});
