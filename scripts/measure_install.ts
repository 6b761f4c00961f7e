/**
 * Measures what the ways to get Marina cost, and writes it into README.md:
 * `deno run -A scripts/measure_install.ts dist/marina-linux-x64`.
 *
 * A start is `serve` without models until it says that it is ready; a first start unpacks the native files.
 */
import { cpus, loadavg } from "node:os";
import { startMarina } from "../tests/support/marina_process.ts";

const ROUNDS = 10;
const README = new URL("../README.md", import.meta.url);
const TABLE_REGEXP = /(<!-- install:start -->\n)[^]*(<!-- install:end -->)/;

const [program] = Deno.args;
if (program === undefined || Deno.args.length > 1) {
  throw new Error(`Cannot measure: expected one executable, found ${Deno.args.length} arguments`);
}

interface Start {
  readonly readyMs: number;
  readonly ownMb: number;
}

async function start(command: readonly string[] | undefined, cacheDir: string): Promise<Start> {
  const storeDir = await Deno.makeTempDir();
  try {
    const beginMs = performance.now();
    await using marina = await startMarina({
      args: ["--model-store", storeDir, "--ncs"],
      env: { MARINA_CACHE_DIR: cacheDir },
      ...(command === undefined ? {} : { command }),
    });
    const readyMs = performance.now() - beginMs;
    const rollup = await Deno.readTextFile(`/proc/${marina.pid}/smaps_rollup`);
    return {
      readyMs,
      ownMb: Number(/^Private_Dirty: +(\d+) kB$/m.exec(rollup)?.[1] ?? NaN) * 1024 / 1e6,
    };
  } finally {
    await Deno.remove(storeDir, { recursive: true });
  }
}

function toMedian(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

async function measure(command: readonly string[] | undefined): Promise<string[]> {
  const first: number[] = [];
  const later: Start[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const cacheDir = await Deno.makeTempDir();
    first.push((await start(command, cacheDir)).readyMs);
    later.push(await start(command, cacheDir));
    await Deno.remove(cacheDir, { recursive: true });
  }
  return [
    `${toMedian(first).toFixed(0)} ms`,
    `${toMedian(later.map(({ readyMs }) => readyMs)).toFixed(0)} ms`,
    `${toMedian(later.map(({ ownMb }) => ownMb)).toFixed(0)} MB`,
  ];
}

const sizeMb = (await Deno.stat(program)).size / 1e6;
const rows = [
  ["executable", `${sizeMb.toFixed(0)} MB`, ...await measure([program])],
  ["checkout", "its files and npm's packages", ...await measure(undefined)],
];
const caption =
  `Linux x64, medians of ${ROUNDS} starts without models on ${cpus().length} cores of ${
    cpus()[0]?.model.trim()
  }, at a load of ${loadavg()[0]!.toFixed(1)}:`;
const table = [
  "| | size | first start to ready | each other start | memory of its own when ready |",
  "| --- | --- | --- | --- | --- |",
  ...rows.map((row) => `| ${row.join(" | ")} |`),
].join("\n");
const readme = await Deno.readTextFile(README);
if (!TABLE_REGEXP.test(readme)) {
  throw new Error('Cannot write the table into README.md: it must hold an "install:start" mark');
}
await Deno.writeTextFile(
  README,
  readme.replace(TABLE_REGEXP, (_, begin, end) => `${begin}\n${caption}\n\n${table}\n\n${end}`),
);
await new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", "README.md"] }).output();
await Deno.stdout.write(new TextEncoder().encode(`${caption}\n\n${table}\n`));
