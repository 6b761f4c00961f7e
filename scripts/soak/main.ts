/**
 * Asks a real server for everything at once for a while, and proves that nothing is lost, mixed up or left
 * behind: `deno task soak -- --minutes 10`.
 *
 * Ends with 0 if all is as it has to be, else with 1 and what is not.
 */
import { parseArgs } from "node:util";
import { writeDocuments } from "./_documents.ts";
import type { Sample } from "./_memory_probe.ts";
import { isPassed, toRequestTable, toSummary } from "./_report.ts";
import { runSoak } from "./_soak.ts";

const USAGE = `Usage: deno task soak [-- options]

  --minutes N        How long the load lasts, 1 unless given
  --connections N    Clients at the same time, 64 unless given
  --rate N           Predictions a second of all clients after the warm-up, 300 unless given
  --actors NAMES     Only these operators, with commas: registers, scales, versions, replaces, crashes,
                     looks; "none" for none
  --kinds NAMES      Only these kinds of requests, with semicolons, as the report names them
  --samples          Print each look at the server
  --write-documents  Put the figures into docs/soak.md and the plot into docs/images/
  --help             This text
`;

const { values } = parseArgs({
  args: Deno.args.filter((arg) => arg !== "--"),
  options: {
    minutes: { type: "string", default: "1" },
    connections: { type: "string", default: "64" },
    rate: { type: "string", default: "300" },
    actors: { type: "string" },
    kinds: { type: "string" },
    samples: { type: "boolean", default: false },
    "write-documents": { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

async function print(text: string): Promise<void> {
  await Deno.stdout.write(new TextEncoder().encode(`${text}\n`));
}

function toLine({ atMs, requests, pssMb, heapMb, threads, openFiles }: Sample): string {
  return `${(atMs / 1000).toFixed(0)} s: ${requests} requests, PSS ${pssMb.toFixed(1)} MB, ` +
    `heap ${heapMb.toFixed(1)} MB, ${threads} threads, ${openFiles} files`;
}

if (values.help) {
  await print(USAGE);
} else {
  const outcome = await runSoak({
    durationMs: Number(values.minutes) * 60_000,
    connections: Number(values.connections),
    ratePerSecond: Number(values.rate),
    actors: values.actors?.split(",").filter((name) => name !== "none"),
    kinds: values.kinds?.split(";"),
    onSample: values.samples
      ? (sample, { faultCount }) => print(`${toLine(sample)}, ${faultCount} faults`)
      : undefined,
  });
  await print(`${toRequestTable(outcome)}\n\n${toSummary(outcome)}`);
  if (values["write-documents"]) await writeDocuments(outcome);
  if (!isPassed(outcome)) Deno.exitCode = 1;
}
