/** What the README lists: the permissions that each command needs, no more and no less. */
import { deepStrictEqual, doesNotMatch, match, strictEqual } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { resolvePackagesDir } from "../../server/scheduling/mod.ts";
import { runMarina, type RunMarinaOptions, startMarina } from "../support/marina_process.ts";
import { TempFolder } from "../support/temp_folder.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const EXAMPLE = `${ROOT}examples/mnist/`;
const PACKAGES = resolvePackagesDir();

function toCommand(flags: readonly string[]): string[] {
  const runtime = ["run", "--no-prompt", "--cached-only", "--config", `${ROOT}deno.json`];
  return [Deno.execPath(), ...runtime, ...flags, `${ROOT}main.ts`];
}

/** Every list that lacks one of the flags, by that flag's kind. */
function dropEach(flags: readonly string[]): { kind: string; rest: string[] }[] {
  return flags.map((dropped) => ({
    kind: dropped.replace(/^--allow-|=.*/g, ""),
    rest: flags.filter((flag) => flag !== dropped),
  }));
}

/** One or two lines for people, and no stack. */
function assertNamesPermission(stderr: string, kind: string): void {
  match(stderr, new RegExp(`^(marina|ERROR - )[^]*--allow-${kind}\\b[^\\n]*\\n$`));
  doesNotMatch(stderr, /^ +at /m);
}

/** A folder with the digit model's files, and one for archives. */
async function createFiles(): Promise<TempFolder> {
  const folder = await TempFolder.create();
  for (const name of ["mnist.onnx", "handler.ts"]) {
    await folder.write(`in/${name}`, await Deno.readFile(EXAMPLE + name));
  }
  await Deno.mkdir(folder.at("store"));
  return folder;
}

function toArchiveArgs(folder: TempFolder): string[] {
  const args = ["archive", "--model-name", "mnist", "--version", "1.0"];
  args.push(
    "--serialized-file",
    folder.at("in/mnist.onnx"),
    "--handler",
    folder.at("in/handler.ts"),
  );
  return [...args, "--export-path", folder.at("store"), "--force"];
}

Deno.test("--version, --help, serve --help and completions need no permission", async () => {
  const helps = [["--help"], ["serve", "--help"], ["archive", "--help"], ["doctor", "--help"]];
  for (const args of [["--version"], ...helps, ["completions", "bash"]]) {
    const { code, stderr } = await runMarina(args, { command: toCommand([]) });
    deepStrictEqual([code, stderr], [0, ""], args.join(" "));
  }
});

Deno.test("archive works with the permissions that the README lists, and names each one that is missing", async () => {
  await using folder = await createFiles();
  const flags = [
    `--allow-read=${folder.at("in")},${folder.at("store")},${PACKAGES}`,
    `--allow-write=${folder.at("store")}`,
    "--allow-env=SOURCE_DATE_EPOCH",
  ];
  const run = (flags: string[]) =>
    runMarina(toArchiveArgs(folder), { cwd: folder.path, command: toCommand(flags) });
  for (const { kind, rest } of dropEach(flags)) {
    const { code, stderr } = await run(rest);
    strictEqual(code, 1, kind);
    assertNamesPermission(stderr, kind);
  }
  const { code, stderr } = await run(flags);
  deepStrictEqual([code, stderr], [0, ""]);
});

Deno.test("inspect --verify may read the archive and nothing else", async () => {
  await using folder = await createFiles();
  strictEqual((await runMarina(toArchiveArgs(folder), { command: toCommand(["-A"]) })).code, 0);
  const args = ["inspect", folder.at("store/mnist.mar"), "--verify"];
  const allowed = toCommand([`--allow-read=${folder.at("store/mnist.mar")}`]);
  const { code, stderr } = await runMarina(args, { command: allowed });
  deepStrictEqual([code, stderr], [0, ""]);
  const refused = await runMarina(args, { command: toCommand([]) });
  strictEqual(refused.code, 1);
  assertNamesPermission(refused.stderr, "read");
});

/** Servers of the digit model, each with its own permissions. */
interface ServeCase extends AsyncDisposable {
  /** What the README lists for the isolation. */
  readonly flags: readonly string[];
  readonly args: readonly string[];
  toOptions(flags: readonly string[]): RunMarinaOptions;
}

const NEEDED_BY_ISOLATION = {
  thread: ["--allow-net=127.0.0.1"],
  // A worker's process is this same program, and its socket's name is not known beforehand.
  process: ["--allow-net", `--allow-run=${Deno.execPath()}`],
};

async function createServeCase(isolation: keyof typeof NEEDED_BY_ISOLATION): Promise<ServeCase> {
  const folder = await createFiles();
  strictEqual((await runMarina(toArchiveArgs(folder), { command: toCommand(["-A"]) })).code, 0);
  const config = await folder.write(
    "config.properties",
    `inference_address=http://127.0.0.1:0
management_address=http://127.0.0.1:0
metrics_address=http://127.0.0.1:0
disable_token_authorization=true
default_workers_per_model=1
`,
  );
  for (const name of ["temp", "logs"]) await Deno.mkdir(folder.at(name));
  const [temp, logs, store] = ["temp", "logs", "store"].map((name) => folder.at(name));
  const env = { TMPDIR: temp!, LOG_LOCATION: logs!, METRICS_LOCATION: logs! };
  const args = ["--ts-config", config, "--model-store", store!, "--ncs"];
  return {
    flags: [
      `--allow-read=${config},${store},${temp},${logs},${PACKAGES},${ROOT}`,
      `--allow-write=${temp},${logs}`,
      "--allow-env",
      "--allow-sys",
      `--allow-ffi=${PACKAGES}`,
      ...NEEDED_BY_ISOLATION[isolation],
    ],
    args: [...args, "--models", "mnist=mnist.mar", "--isolation", isolation],
    toOptions: (flags) => ({ cwd: folder.path, env, command: toCommand(flags) }),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

Deno.test.each([{ isolation: "thread" as const }, { isolation: "process" as const }])(
  "serve --isolation $isolation names each permission that is missing of those that the README lists",
  async ({ isolation }) => {
    await using served = await createServeCase(isolation);
    for (const { kind, rest } of dropEach(served.flags)) {
      const { code, stderr } = await runMarina(["serve", ...served.args], served.toOptions(rest));
      strictEqual(code, 1, kind);
      assertNamesPermission(stderr, kind);
    }
  },
);

Deno.test.each([{ isolation: "thread" as const }, { isolation: "process" as const }])(
  "serve --isolation $isolation answers the digit model with the permissions that the README lists",
  async ({ isolation }) => {
    await using served = await createServeCase(isolation);
    const { flags, args } = served;
    await using marina = await startMarina({ args, ...served.toOptions(flags) });
    const body = await Deno.readFile(`${EXAMPLE}digits/7.png`);
    const url = `${marina.inferenceUrl}/predictions/mnist`;
    const response = await fetch(url, { method: "POST", body });
    deepStrictEqual([response.status, (await response.json()).digit], [200, 7]);
    strictEqual(await marina.stop(), 0);
  },
);

Deno.test("doctor finds nothing wrong with the permissions that the README lists, and names each one that is missing", async () => {
  await using served = await createServeCase("process");
  const flags = served.flags.filter((flag) => !flag.startsWith("--allow-ffi"));
  const run = (flags: readonly string[]) =>
    runMarina(["doctor", ...served.args], served.toOptions(flags));
  for (const { kind, rest } of dropEach(flags)) {
    const { code, stdout, stderr } = await run(rest);
    strictEqual(code, 1, kind);
    match(stdout + stderr, new RegExp(`--allow-${kind}\\b`));
    doesNotMatch(stderr, /^ +at /m);
  }
  const { code, stdout, stderr } = await run(flags);
  deepStrictEqual([code, stderr], [0, ""], stdout);
  match(stdout, /^Provider +cpu works$/m);
});

Deno.test("serve asks for --allow-net=unix:PATH where an address is a socket, and starts with it", async () => {
  await using folder = await createFiles();
  const socket = folder.at("s");
  const config = await folder.write(
    "config.properties",
    `inference_address=unix:${socket}
management_address=http://127.0.0.1:0
enable_metrics_api=false
disable_token_authorization=true
`,
  );
  const options = {
    cwd: folder.path,
    env: { TMPDIR: folder.path, LOG_LOCATION: folder.path, METRICS_LOCATION: folder.path },
  };
  const args = ["--ts-config", config, "--model-store", folder.at("store"), "--ncs"];
  args.push("--isolation", "thread");
  const flags = ["--allow-read", `--allow-write=${folder.path}`, "--allow-env", "--allow-sys"];
  flags.push(`--allow-ffi=${PACKAGES}`);
  const command = toCommand([...flags, "--allow-net=127.0.0.1"]);
  const { code, stderr } = await runMarina(["serve", ...args], { ...options, command });
  deepStrictEqual([code, stderr], [
    1,
    `marina serve: error: Cannot start: permissions are missing, add --allow-net=unix:${socket}\n`,
  ]);
  await using marina = await startMarina({
    ...options,
    args,
    command: toCommand([...flags, `--allow-net=127.0.0.1,unix:${socket}`]),
  });
  strictEqual(await marina.stop(), 0);
});
