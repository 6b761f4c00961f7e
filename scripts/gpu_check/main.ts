/**
 * Holds a machine's GPU to its CPU: `deno task gpu-check` on a machine with a card.
 *
 * Ends with 0 if everything that was asked for has passed, with 1 if something failed; what could not be
 * run is named and counts for neither.
 */
import { parseArgs } from "node:util";
import { readMachine, toMachineLine } from "../machine.ts";
import type { CheckedProvider } from "./checked_server.ts";
import { type CheckOutcome, checkProvider } from "./provider_checks.ts";

const USAGE = `Usage: deno task gpu-check [-- options]

  --providers NAMES  "cuda", "webgpu" or both with a comma, both unless given
  --width N          Channels of the network's first stage, 64 (ResNet-50) unless given
  --side N           Pixels of a picture's side, 224 unless given
  --seconds N        How long each throughput is measured, 10 unless given
  --cycles N         How often workers are added and taken away, 20 unless given
  --json FILE        Write the outcomes there, too
  --help             This text
`;

const PROVIDERS: readonly CheckedProvider[] = ["cuda", "webgpu"];

async function print(text: string): Promise<void> {
  await Deno.stdout.write(new TextEncoder().encode(`${text}\n`));
}

function toProviders(text: string): CheckedProvider[] {
  return text.split(",").map((name) => {
    const provider = PROVIDERS.find((known) => known === name.trim());
    if (provider === undefined) throw new TypeError(`Cannot check "${name}": no such provider`);
    return provider;
  });
}

function toLine({ provider, check, result, figure }: CheckOutcome): string {
  return `${provider.padEnd(8)}${check.padEnd(26)}${result.replace("_", " ").padEnd(9)}${figure}`;
}

function toNumber(name: string, text: string): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new TypeError(`Cannot read --${name}: it must be a number above 0, received "${text}"`);
}

/** @throws {TypeError} If an option is none, or has no such value. */
function readOptions() {
  const { values } = parseArgs({
    args: Deno.args.filter((arg) => arg !== "--"),
    options: {
      providers: { type: "string", default: PROVIDERS.join(",") },
      width: { type: "string", default: "64" },
      side: { type: "string", default: "224" },
      seconds: { type: "string", default: "10" },
      cycles: { type: "string", default: "20" },
      json: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  return {
    ...values,
    providers: toProviders(values.providers),
    width: toNumber("width", values.width),
    side: toNumber("side", values.side),
    seconds: toNumber("seconds", values.seconds),
    cycles: toNumber("cycles", values.cycles),
  };
}

async function check(
  { providers, json, help: _, ...options }: ReturnType<typeof readOptions>,
): Promise<void> {
  const machine = await readMachine();
  await print(toMachineLine(machine));
  const outcomes: CheckOutcome[] = [];
  const printing: Promise<void>[] = [];
  for (const provider of providers) {
    await checkProvider({ provider, ...options }, (outcome) => {
      outcomes.push(outcome);
      printing.push(print(toLine(outcome)));
    });
  }
  await Promise.all(printing);
  if (json !== undefined) {
    const text = JSON.stringify({ machine, options: { providers, ...options }, outcomes }, null, 2);
    await Deno.writeTextFile(json, `${text}\n`);
  }
  Deno.exitCode = outcomes.some(({ result }) => result === "failed") ? 1 : 0;
}

let options: ReturnType<typeof readOptions> | undefined;
try {
  options = readOptions();
} catch (error) {
  if (!(error instanceof TypeError)) throw error;
  await print(`${USAGE}\n${error.message}`);
  Deno.exitCode = 2;
}
if (options?.help) await print(USAGE);
else if (options !== undefined) await check(options);
