/** Puts a run's figures where people read them: the README's table and its chart. */
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { toBarChart } from "./_chart.ts";
import { runToEnd } from "./_process.ts";
import { type Figure, toMarkdownTable } from "./_report.ts";

const README_PATH = fileURLToPath(new URL("../../README.md", import.meta.url));
const CHART_PATH = fileURLToPath(new URL("../../docs/images/bench.svg", import.meta.url));
const TABLE_REGEXP = /(<!-- bench:start -->\n)[^]*(<!-- bench:end -->)/;

export async function writeDocuments(figures: readonly Figure[], caption: string): Promise<void> {
  const readme = await readFile(README_PATH, "utf8");
  if (!TABLE_REGEXP.test(readme)) {
    throw new Error('Cannot write the table into README.md: it holds no "bench:start" mark');
  }
  const chart = "![Requests a second of Marina and of the yardstick](docs/images/bench.svg)";
  const table = `\n${caption}\n\n${chart}\n\n${toMarkdownTable(figures)}\n\n`;
  await writeFile(
    README_PATH,
    readme.replace(TABLE_REGEXP, (_, start, end) => start + table + end),
  );
  // Only what was measured in turns may stand side by side.
  const bars = figures.filter(({ group, name }) =>
    group.startsWith("beside") && name.includes("mlp") && !name.includes("1 connection")
  );
  await writeFile(
    CHART_PATH,
    toBarChart("Requests a second, MLP 64→256→10, JSON body (more is better)", bars),
  );
  await runToEnd(Deno.execPath(), ["fmt", "--quiet", README_PATH, CHART_PATH]);
}
