/**
 * Measures Marina against what bounds it, in one run on one machine: `deno task bench`.
 *
 * Prints a table and writes it as `bench.json`. Ends with 0 whether or not the goals are reached: a bench
 * tells, tests decide.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { writeDocuments } from "./_documents.ts";
import { createLoadGenerator } from "./_load.ts";
import { readMachine, toMachineLine } from "../machine.ts";
import { preparePeer } from "./_peer_server.ts";
import { type Figure, toLine, toMarkdownTable } from "./_report.ts";
import { measureArchive } from "./measure_archive.ts";
import { measureBare } from "./measure_bare.ts";
import { measureInProcess } from "./measure_in_process.ts";
import { measureMemory } from "./measure_memory.ts";
import { measureEfficiency, measurePeerRatios } from "./measure_ratios.ts";
import { measureServed } from "./measure_served.ts";
import { measureStartup } from "./measure_startup.ts";

const USAGE = `Usage: deno task bench [-- options]

  --peer            Also measure the Python yardstick, and print the ratios
  --only PARTS      Of bare, in-process, served, efficiency, memory, start, archive, peer; with commas
  --seconds N       How long each load lasts, 4 unless given
  --write-documents Put the table into README.md and the chart into docs/images/
  --help            This text
`;
const OUTPUT_PATH = fileURLToPath(new URL("../../bench.json", import.meta.url));

const { values } = parseArgs({
  args: Deno.args.filter((arg) => arg !== "--"),
  options: {
    peer: { type: "boolean", default: false },
    only: { type: "string" },
    seconds: { type: "string", default: "4" },
    "write-documents": { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

/** The parts of the bench in the order they run. */
async function* measure(scratchDir: string, notes: string[]): AsyncGenerator<Figure> {
  const wanted = values.only?.split(",");
  const isWanted = (part: string) => wanted?.includes(part) ?? (part !== "peer" || values.peer);
  const seconds = Number(values.seconds);
  const { name, generate: load } = await createLoadGenerator(scratchDir);
  if (["bare", "served", "efficiency", "peer"].some(isWanted)) {
    notes.push(`load by ${name}, on the same cores`);
  }
  const options = { load, storeDir: scratchDir, seconds };

  if (isWanted("bare")) yield* measureBare(load, seconds);
  if (isWanted("in-process")) yield* measureInProcess(seconds / 2);
  if (isWanted("served")) yield* measureServed(load, scratchDir, seconds);
  if (isWanted("efficiency")) yield* measureEfficiency(options);
  if (isWanted("memory")) yield* measureMemory(scratchDir);
  if (isWanted("start")) yield* measureStartup(scratchDir);
  if (isWanted("archive")) yield* measureArchive(scratchDir, notes);
  if (isWanted("peer")) {
    const peer = await preparePeer();
    if ("python" in peer) yield* measurePeerRatios({ ...options, python: peer.python });
    else notes.push(`no Python yardstick: ${peer.reason}`);
  }
}

async function print(text: string): Promise<void> {
  await Deno.stdout.write(new TextEncoder().encode(text + "\n"));
}

if (values.help) {
  await print(USAGE);
} else {
  const machine = await readMachine();
  const scratchDir = await mkdtemp(join(tmpdir(), "marina-bench-"));
  const notes: string[] = [];
  const figures: Figure[] = [];
  try {
    for await (const figure of measure(scratchDir, notes)) {
      figures.push(figure);
      await print(toLine(figure));
    }
  } finally {
    await rm(scratchDir, { recursive: true, force: true });
  }
  const date = new Date().toISOString().slice(0, 10);
  const caption = `Measured on ${date} on ${toMachineLine(machine)}; ${notes.join("; ")}.`;
  await print(`\n${caption}\n\n${toMarkdownTable(figures)}`);
  await writeFile(OUTPUT_PATH, JSON.stringify({ date, machine, notes, figures }, null, 2) + "\n");
  if (values["write-documents"]) await writeDocuments(figures, caption);
}
