/**
 * Measures what a process costs where a thread would do: `deno task bench:isolation`.
 *
 * Two servers of one archive run side by side, one with its workers in threads, one in processes, and are
 * asked in turns in short rounds: what disturbs one disturbs the other. Three minutes; a quiet machine is
 * wanted, since the spread of the rounds says how far the median can be trusted.
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { readMachine, toMachineLine } from "../machine.ts";
import { createLoadGenerator, type LoadGenerator } from "./_load.ts";
import { type BenchServing, serveModel } from "./_marina_server.ts";
import { type BenchBody, createBodies } from "./_models.ts";
import { runToEnd } from "./_process.ts";
import { summarizeRatios, toText } from "./_report.ts";
import { loadOnce, SERVINGS, toServingName } from "./measure_served.ts";

const USAGE = `Usage: deno task bench:isolation [options]

  --rounds N        Rounds of the small network, 16 unless given; of the other half as many
  --write-documents Put the table into docs/isolation.md
  --help            This text
`;
const DOCUMENT_PATH = fileURLToPath(new URL("../../docs/isolation.md", import.meta.url));
const TABLE_REGEXP = /(<!-- isolation:start -->\n)[^]*(<!-- isolation:end -->)/;
const CONNECTIONS = 16;

interface Comparison {
  readonly serving: BenchServing;
  readonly body: BenchBody;
  /** Of the rounds that the options name. */
  readonly share: number;
  /** Of each side in each round, whole ones: a network of 14 ms a row needs longer ones. */
  readonly seconds: number;
  readonly warmUpSeconds: number;
  /** What a process has to reach, as a part of what a thread does. */
  readonly goal: number;
}

const [PLAIN, , CONV] = SERVINGS;
const COMPARISONS: readonly Comparison[] = [
  {
    serving: PLAIN!,
    body: createBodies(PLAIN!.model)[0]!,
    share: 1,
    seconds: 2,
    warmUpSeconds: 8,
    goal: 0.7,
  },
  {
    serving: CONV!,
    body: createBodies(CONV!.model)[1]!,
    share: 0.5,
    seconds: 3,
    warmUpSeconds: 8,
    goal: 0.97,
  },
];

const HEAD = "| network | thread, requests/s | process, requests/s | process ÷ thread | goal |\n" +
  "| --- | --- | --- | --- | --- |";

const { values } = parseArgs({
  args: Deno.args.filter((arg) => arg !== "--"),
  options: {
    rounds: { type: "string", default: "16" },
    "write-documents": { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

/** Measures one network both ways; answers its row of the table. */
async function compare(
  { serving, body, share, seconds, warmUpSeconds, goal }: Comparison,
  load: LoadGenerator,
  scratchDir: string,
): Promise<string> {
  const rounds = Math.max(3, Math.round(Number(values.rounds) * share));
  await using thread = await serveModel(serving, scratchDir, ["--isolation", "thread"]);
  await using process = await serveModel(serving, scratchDir, ["--isolation", "process"]);
  const ask = async (url: string, length: number): Promise<number> =>
    (await loadOnce(load, url, body, CONNECTIONS, length)).requestsPerSecond;
  for (const { predictUrl } of [thread, process]) await ask(predictUrl, warmUpSeconds);
  const threadRates: number[] = [];
  const processRates: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const sides = [
      async () => threadRates.push(await ask(thread.predictUrl, seconds)),
      async () => processRates.push(await ask(process.predictUrl, seconds)),
    ];
    // A machine that grows slower or faster favours neither side.
    for (const side of round % 2 === 0 ? sides : sides.reverse()) await side();
  }
  const ratios = summarizeRatios(processRates, threadRates);
  const how = `${toServingName(serving)}, ${body.name}, ${CONNECTIONS} connections`;
  const reached = ratios.median >= goal ? "reached" : "missed";
  return `| ${how} | ${toText(ratios.denominator)} | ${toText(ratios.numerator)} | ` +
    `${ratios.median.toFixed(3)} (half of ${rounds} rounds: ${ratios.lower.toFixed(3)} to ${
      ratios.upper.toFixed(3)
    }) | ≥ ${goal}: ${reached} |`;
}

async function print(text: string): Promise<void> {
  await Deno.stdout.write(new TextEncoder().encode(`${text}\n`));
}

async function writeTable(text: string): Promise<void> {
  const document = await readFile(DOCUMENT_PATH, "utf8");
  if (!TABLE_REGEXP.test(document)) {
    throw new Error('Cannot write the table into docs/isolation.md: it holds no "isolation:start"');
  }
  await writeFile(
    DOCUMENT_PATH,
    document.replace(TABLE_REGEXP, (_, start, end) => `${start}\n${text}\n\n${end}`),
  );
  await runToEnd(Deno.execPath(), ["fmt", "--quiet", DOCUMENT_PATH]);
}

if (values.help) {
  await print(USAGE);
} else {
  const scratchDir = await mkdtemp(join(tmpdir(), "marina-bench-"));
  const machine = await readMachine();
  try {
    const { name, generate } = await createLoadGenerator(scratchDir);
    const date = new Date().toISOString().slice(0, 10);
    const caption = `Measured on ${date} on ${toMachineLine(machine)}; load by ${name}, on the ` +
      "same cores; both servers at the same time, asked in turns.";
    await print(`${caption}\n\n${HEAD}`);
    const rows: string[] = [];
    for (const comparison of COMPARISONS) {
      rows.push(await compare(comparison, generate, scratchDir));
      await print(rows.at(-1)!);
    }
    if (values["write-documents"]) await writeTable(`${caption}\n\n${[HEAD, ...rows].join("\n")}`);
  } finally {
    await rm(scratchDir, { recursive: true, force: true });
  }
}
