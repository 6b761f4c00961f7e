import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import {
  openPublishedProgram,
  type PublishedFolder,
  type PublishedProgram,
  publishFolder,
} from "../../scripts/publish/published_program.ts";
import { type MarinaProcess, runMarina, startMarina } from "../support/marina_process.ts";
import { TempFolder } from "../support/temp_folder.ts";
import { waitFor } from "../support/wait_for.ts";

const EXAMPLE = fileURLToPath(new URL("../../examples/mnist/", import.meta.url));

let publishing: Promise<PublishedFolder> | undefined;

/** A program of each test's own, with an empty cache; the sources are published once for all of them. */
async function openProgram(): Promise<PublishedProgram> {
  publishing ??= Deno.makeTempDir({ prefix: "marina-published-" }).then(publishFolder);
  return await openPublishedProgram({ published: await publishing });
}

Deno.test.afterAll(async () => {
  if (publishing !== undefined) await Deno.remove((await publishing).dir, { recursive: true });
});

/** A folder that knows nothing of Marina, and whose own `deno.json` gives its packages other meanings. */
async function createForeignFolder(): Promise<TempFolder> {
  const folder = await TempFolder.create();
  const imports = { marina: "./nothing.ts", hono: "npm:hono@1.0.0", "onnxruntime-node": "./no.ts" };
  await folder.write("cwd/deno.json", JSON.stringify({ imports, lock: true }));
  return folder;
}

/** As a user types it: `deno run -A URL/main.ts`. */
function toCommand(program: PublishedProgram, flags: readonly string[] = ["-A"]): string[] {
  return [Deno.execPath(), "run", "--no-prompt", ...flags, `${program.url}/main.ts`];
}

async function packDigits(program: PublishedProgram, folder: TempFolder): Promise<void> {
  const args = ["archive", "--model-name", "mnist", "--version", "1.0"];
  args.push("--export-path", folder.path, "--serialized-file", `${EXAMPLE}mnist.onnx`);
  const { code, stderr } = await runMarina([...args, "--handler", `${EXAMPLE}handler.ts`], {
    cwd: folder.at("cwd"),
    command: toCommand(program),
    env: { DENO_DIR: program.denoDir },
  });
  strictEqual(code, 0, stderr);
}

interface StartOptions {
  readonly flags?: readonly string[];
  readonly args?: readonly string[];
}

async function startDigits(
  program: PublishedProgram,
  folder: TempFolder,
  { flags, args = [] }: StartOptions = {},
): Promise<MarinaProcess> {
  return await startMarina({
    args: ["--model-store", folder.path, "--models", "mnist=mnist.mar", "--ncs", ...args],
    config: { default_workers_per_model: 1 },
    cwd: folder.at("cwd"),
    command: toCommand(program, flags),
    env: { DENO_DIR: program.denoDir },
  });
}

async function askDigit({ inferenceUrl }: MarinaProcess, digit: number): Promise<unknown> {
  const body = await Deno.readFile(`${EXAMPLE}digits/${digit}.png`);
  const response = await fetch(`${inferenceUrl}/predictions/mnist`, { method: "POST", body });
  return [response.status, (await response.json()).digit];
}

Deno.test("deno run -A URL/main.ts packs and serves the digit model with nothing cached, in a folder whose deno.json means something else", async () => {
  await using program = await openProgram();
  await using folder = await createForeignFolder();
  await packDigits(program, folder);
  await using marina = await startDigits(program, folder);
  for (const digit of [0, 7]) deepStrictEqual(await askDigit(marina, digit), [200, digit]);
  strictEqual(await marina.stop(), 0);
  deepStrictEqual(marina.stderrLines.filter((line) => line.includes('"level":"error"')), []);
  const left = await Array.fromAsync(Deno.readDir(folder.at("cwd")), ({ name }) => name);
  deepStrictEqual(left, ["deno.json"]);
});

Deno.test("URL/main.ts with --isolation process serves from worker processes that load from the URL, and with its lock file", async () => {
  await using program = await openProgram();
  await using folder = await createForeignFolder();
  await packDigits(program, folder);
  await using marina = await startDigits(program, folder, {
    flags: ["-A", `--lock=${program.lockPath}`, "--frozen"],
    args: ["--isolation", "process"],
  });
  deepStrictEqual(await askDigit(marina, 3), [200, 3]);
  strictEqual(await marina.stop(), 0);
});

Deno.test("URL/main.ts does not run with its lock file once a module on the server has changed", async () => {
  await using program = await openProgram();
  await Deno.writeTextFile(`${program.dir}/server/errors.ts`, "// changed\n", { append: true });
  const { code, stderr } = await runMarina(["--version"], {
    command: toCommand(program, ["-A", `--lock=${program.lockPath}`, "--frozen"]),
    env: { DENO_DIR: program.denoDir },
  });
  strictEqual(code, 10);
  match(stderr, /Integrity check failed[\s\S]*server\/errors\.ts/);
});

Deno.test("URL/main.ts serve --cached-only runs from the cache when the web server has gone", async () => {
  await using program = await openProgram();
  await using folder = await createForeignFolder();
  await packDigits(program, folder);
  await program.stopServing();
  await using marina = await startDigits(program, folder, { flags: ["-A", "--cached-only"] });
  deepStrictEqual(await askDigit(marina, 4), [200, 4]);
  strictEqual(await marina.stop(), 0);
});

/** The processes that run a program's server, the one that was started first. */
async function listServers({ url }: PublishedProgram): Promise<number[]> {
  const pids: number[] = [];
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const text = await Deno.readTextFile(`/proc/${name}/cmdline`).catch(() => "");
    if (text.includes(`\0${url}/main.ts\0serve\0`)) pids.push(Number(name));
  }
  return pids.sort((a, b) => a - b);
}

Deno.test({
  name:
    "the server that URL/main.ts has started with the runtime's flags ends with it, even when it is killed",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using program = await openProgram();
    await using folder = await createForeignFolder();
    await packDigits(program, folder);
    await using marina = await startDigits(program, folder);
    strictEqual((await listServers(program)).length, 2);
    strictEqual(await marina.stop("SIGKILL"), 137);
    await waitFor(() => listServers(program), (pids) => pids.length === 0);
  },
});

Deno.test({
  name: "URL/main.ts serve runs in one process where the runtime's flags are given",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using program = await openProgram();
    await using folder = await createForeignFolder();
    await packDigits(program, folder);
    const flags = ["-A", "--unstable-worker-options", "--unstable-no-legacy-abort"];
    await using marina = await startDigits(program, folder, { flags });
    deepStrictEqual(await listServers(program), [marina.pid]);
    strictEqual(await marina.stop(), 0);
  },
});

Deno.test("URL/main.ts serve without all permissions starts no process that could have more, and names the runtime's flag", async () => {
  await using program = await openProgram();
  await using folder = await TempFolder.create();
  const kinds = ["read", "write", "net", "env", "sys", "ffi", "run"];
  const { code, stderr } = await runMarina(["serve", "--model-store", folder.path, "--ncs"], {
    command: toCommand(program, ["--quiet", ...kinds.map((kind) => `--allow-${kind}`)]),
    env: { DENO_DIR: program.denoDir, LOG_LOCATION: folder.at("logs") },
  });
  strictEqual(code, 70);
  match(stderr, /^.*The `--unstable-worker-options` flag must be provided\.\n$/);
});

Deno.test("URL/main.ts serve counts a signal once that a terminal sends to both of its processes", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  await using program = await openProgram();
  await using folder = await createForeignFolder();
  await packDigits(program, folder);
  await using marina = await startDigits(program, folder);
  for (const pid of await listServers(program)) Deno.kill(pid, "SIGINT");
  strictEqual(await marina.waitForExit(), 0);
});
