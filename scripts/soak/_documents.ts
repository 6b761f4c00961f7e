/** Puts a run's figures where people read them: a page and its plot. */
import { fileURLToPath } from "node:url";
import { readMachine, toMachineLine } from "../machine.ts";
import { toLineChart } from "./_line_chart.ts";
import { toRequestTable, toSummary } from "./_report.ts";
import type { SoakOutcome } from "./_soak.ts";

const PAGE_PATH = fileURLToPath(new URL("../../docs/soak.md", import.meta.url));
const CHART_PATH = fileURLToPath(new URL("../../docs/images/soak.svg", import.meta.url));
const FIGURES_REGEXP = /(<!-- soak:start -->\n)[^]*(<!-- soak:end -->)/;

export async function writeDocuments(outcome: SoakOutcome): Promise<void> {
  const page = await Deno.readTextFile(PAGE_PATH);
  if (!FIGURES_REGEXP.test(page)) {
    throw new Error('Cannot write the figures into docs/soak.md: it holds no "soak:start" mark');
  }
  const date = new Date().toISOString().slice(0, 10);
  const caption = `Run on ${date} on ${toMachineLine(await readMachine())}.`;
  const chart = "![Memory and requests a second over the run](images/soak.svg)";
  const summary = toSummary(outcome).split("\n").map((line) => `- ${line}`).join("\n");
  const figures = `\n${caption}\n\n${summary}\n\n${chart}\n\n${toRequestTable(outcome)}\n\n`;
  await Deno.writeTextFile(
    PAGE_PATH,
    page.replace(FIGURES_REGEXP, (_, start, end) => start + figures + end),
  );
  await Deno.writeTextFile(CHART_PATH, toLineChart(outcome.samples));
  const formatter = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--quiet", PAGE_PATH, CHART_PATH],
  });
  await formatter.output();
}
