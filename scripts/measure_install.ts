/**
 * Measures what the three ways to get Marina cost, and writes it into README.md:
 * `deno run -A scripts/measure_install.ts dist/marina-linux-x64 [ROUNDS]`.
 *
 * A start is `serve` without models until it says that it is ready, by the command that people type. Before a
 * first start npm's packages are there and nothing else is: the executable unpacks its native files, the other
 * two transpile their modules, and from a URL they are fetched before, from this machine. The ways take turns.
 */
import { join } from "node:path";
import { cpus, loadavg } from "node:os";
import { startMarina } from "../tests/support/marina_process.ts";
import { measureCheckout, measureFiles, measureNpmPackages } from "./_install_sizes.ts";
import { openPublishedProgram, readNpmCache } from "./publish/published_program.ts";

const README = new URL("../README.md", import.meta.url);
const TABLE_REGEXP = /(<!-- install:start -->\n)[^]*(<!-- install:end -->)/;

const [program, roundsText = "10"] = Deno.args;
const rounds = Number(roundsText);
if (program === undefined || !Number.isInteger(rounds) || rounds < 1 || Deno.args.length > 2) {
  throw new Error(
    `Cannot measure: expected an executable and a number of rounds, found ${
      Deno.args.length === 0 ? "nothing" : `"${Deno.args.join(" ")}"`
    }`,
  );
}

interface Way {
  readonly name: string;
  readonly size: string;
  /** The checkout's own unless given. */
  readonly command?: readonly string[];
  readonly first: number[];
  readonly later: number[];
  readonly ownMb: number[];
}

/** @param dir Holds what the program keeps from one start to the next. */
async function start({ command }: Way, dir: string): Promise<{ readyMs: number; ownMb: number }> {
  const beginMs = performance.now();
  await using marina = await startMarina({
    args: ["--model-store", join(dir, "store"), "--ncs"],
    env: { MARINA_CACHE_DIR: join(dir, "cache"), DENO_DIR: join(dir, "deno") },
    ...(command === undefined ? {} : { command }),
  });
  const readyMs = performance.now() - beginMs;
  return { readyMs, ownMb: await readOwnMb(marina.pid) };
}

/** Of a process and of those that it has started: from a URL, `serve` starts itself once more. */
async function readOwnMb(pid: number): Promise<number> {
  const rollup = await Deno.readTextFile(`/proc/${pid}/smaps_rollup`);
  const ownMb = Number(/^Private_Dirty: +(\d+) kB$/m.exec(rollup)?.[1] ?? NaN) * 1024 / 1e6;
  const children: number[] = [];
  for await (const { name } of Deno.readDir(`/proc/${pid}/task`)) {
    const text = await Deno.readTextFile(`/proc/${pid}/task/${name}/children`).catch(() => "");
    children.push(...text.split(" ").filter(Boolean).map(Number));
  }
  const theirs = await Promise.all(children.map(readOwnMb));
  return theirs.reduce((sum, mb) => sum + mb, ownMb);
}

async function measureOnce(way: Way, npmDir: string): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await Deno.mkdir(join(dir, "store"));
    await Deno.mkdir(join(dir, "deno"));
    await Deno.symlink(npmDir, join(dir, "deno", "npm"));
    if (way.command?.includes("run")) await fetchModules(way.command, join(dir, "deno"));
    way.first.push((await start(way, dir)).readyMs);
    const { readyMs, ownMb } = await start(way, dir);
    way.later.push(readyMs);
    way.ownMb.push(ownMb);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** How long that takes is the network's affair. */
async function fetchModules(command: readonly string[], denoDir: string): Promise<void> {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["cache", "--quiet", "--allow-import", command.at(-1)!],
    env: { DENO_DIR: denoDir },
  }).output();
  if (code !== 0) throw new Error(`Cannot fetch: ${new TextDecoder().decode(stderr)}`);
}

function toMedian(values: readonly number[]): string {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!.toFixed(0);
}

const toMb = (sizeBytes: number) => (sizeBytes / 1e6).toFixed(sizeBytes < 1e7 ? 1 : 0);
const createWay = (name: string, size: string, command?: readonly string[]): Way => {
  return { name, size, command, first: [], later: [], ownMb: [] };
};

await using published = await openPublishedProgram();
const url = [Deno.execPath(), "run", "-A", "--quiet", "--no-lock", `${published.url}/main.ts`];
const [executableBytes, urlBytes, checkoutBytes, npmBytes] = await Promise.all([
  Deno.stat(program).then(({ size }) => size),
  measureFiles(published.dir),
  measureCheckout(),
  measureNpmPackages(),
]);
const packages = `and ${toMb(npmBytes)} MB of npm packages`;
const ways = [
  createWay("executable", `${toMb(executableBytes)} MB`, [program]),
  createWay("from a URL", `${toMb(urlBytes)} MB ${packages}`, url),
  createWay("checkout", `${toMb(checkoutBytes)} MB ${packages}`),
];
const npmDir = await readNpmCache();
const load = loadavg()[0]!;
for (let round = 0; round < rounds; round++) {
  for (const way of ways) await measureOnce(way, npmDir);
}
const caption =
  `Linux x64, medians of ${rounds} starts without models on ${cpus().length} cores of ${
    cpus()[0]?.model.trim()
  }, at a load of ${
    load.toFixed(1)
  } before. At a first start npm's packages and a URL's modules have been fetched:`;
const table = [
  "| | size | first start to ready | each other start | memory of its own when ready |",
  "| --- | --- | --- | --- | --- |",
  ...ways.map(({ name, size, first, later, ownMb }) =>
    `| ${name} | ${size} | ${toMedian(first)} ms | ${toMedian(later)} ms | ${toMedian(ownMb)} MB |`
  ),
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
