/** Packing and unpacking 500 MB of weights, against the tools that everyone has. */
import { copyFile, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { runMarina } from "../../tests/support/marina_process.ts";
import { hasCommand, runScript, runToEnd } from "./_process.ts";
import { type Figure, toMedian } from "./_report.ts";

const SIZE_BYTES = 500_000_000;
const ROUNDS = 3;

export async function* measureArchive(
  scratchDir: string,
  notes: string[],
): AsyncGenerator<Figure> {
  const dir = join(scratchDir, "archive");
  await Deno.mkdir(dir);
  const weightsPath = join(dir, "weights.bin");
  await writeWeights(weightsPath);
  const [deflated, stored, zipped] = ["deflated.mar", "stored.mar", "zipped.zip"].map((name) =>
    join(dir, name)
  );
  const outDir = join(dir, "out");
  const clear = () => rm(outDir, { recursive: true, force: true });

  const [pack, packStored, copy] = await timeInTurns([
    () => packWith("default", "deflated", weightsPath, dir),
    () => packWith("zip-store", "stored", weightsPath, dir),
    () => copyToDisk(weightsPath, join(dir, "copy.bin")),
  ]);
  yield { group: "archive", name: "pack 500 MB, default", value: pack!, unit: "s" };
  yield { group: "archive", name: "pack 500 MB, zip-store", value: packStored!, unit: "s" };
  yield { group: "archive", name: "copy 500 MB to the disk, fsync", value: copy!, unit: "s" };

  if (!(await hasCommand("zip")) || !(await hasCommand("unzip"))) {
    notes.push("no comparison with zip and unzip: they are not installed");
    return;
  }
  const [zip] = await timeInTurns([async () => {
    await rm(zipped!, { force: true });
    await runToEnd("zip", ["-6", "-q", "-j", zipped!, weightsPath]);
  }]);
  yield { group: "archive", name: "zip -6, the same 500 MB", value: zip!, unit: "s" };
  yield toRatio("pack default ÷ zip -6", pack! / zip!, 1.3);
  for (const [what, path] of [["default", deflated!], ["zip-store", stored!]] as const) {
    const [own, theirs] = await timeInTurns([
      () => clear().then(() => runScript("unpack.ts", [path, outDir])),
      () => clear().then(() => runToEnd("unzip", ["-q", path, "-d", outDir])),
    ]);
    yield { group: "archive", name: `unpack 500 MB, ${what}`, value: own!, unit: "s" };
    yield toRatio(`unpack ${what} ÷ unzip`, own! / theirs!, 1.3);
  }
}

function toRatio(name: string, value: number, bound: number): Figure {
  return { group: "ratio", name, value, unit: "x", goal: { bound: "at most", value: bound } };
}

async function packWith(format: string, name: string, weights: string, dir: string) {
  const args = ["archive", "--model-name", name, "--version", "1.0", "--force"];
  args.push("--handler", "base_handler", "--extra-files", weights);
  args.push("--archive-format", format, "--export-path", dir);
  const { code, stderr } = await runMarina(args);
  if (code !== 0) throw new Error(`Cannot pack ${name}: it ended with code ${code}\n${stderr}`);
}

async function copyToDisk(from: string, to: string): Promise<void> {
  await copyFile(from, to);
  const file = await open(to, "r+");
  await file.sync();
  await file.close();
}

/** Float32 values between −1 and 1 in a random order, which deflate shrinks by a tenth, as it does weights. */
async function writeWeights(path: string): Promise<void> {
  using file = await Deno.open(path, { write: true, create: true });
  let state = 0x9e3779b9;
  const chunk = new Float32Array(4_000_000);
  for (let written = 0; written < SIZE_BYTES; written += chunk.byteLength) {
    if (written < 3 * chunk.byteLength) {
      for (let i = 0; i < chunk.length; i++) {
        state ^= state << 13;
        state ^= state >>> 17;
        state ^= state << 5;
        chunk[i] = state / 2 ** 31;
      }
    }
    const bytes = new Uint8Array(chunk.buffer, 0, Math.min(chunk.byteLength, SIZE_BYTES - written));
    for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
  }
}

/** Median seconds of each action, all of them in turns. */
async function timeInTurns(actions: readonly (() => Promise<unknown>)[]): Promise<number[]> {
  const seconds: number[][] = actions.map(() => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, action] of actions.entries()) {
      const startMs = performance.now();
      await action();
      seconds[i]!.push((performance.now() - startMs) / 1000);
    }
  }
  return seconds.map(toMedian);
}
