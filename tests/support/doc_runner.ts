/**
 * Runs a document's blocks as a reader would: top to bottom, in a copy of the project.
 *
 * | block | what happens |
 * | --- | --- |
 * | `sh` | runs to its end with exit code 0 |
 * | `sh` with `task serve` | starts on free ports with the variables set before it and the rest of its `--ts-config`, stays until the document ends |
 * | `sh` with `task demo` | runs with `--once` |
 * | `sh` with `task test`, `check`, `ok` or `bench` | the task's name must exist: running it would not end |
 * | `json` | equals what the last `sh` block printed, numbers within 1e-4 |
 * | `ts` | is type-checked and run |
 * | any, with `file=NAME` | is written to that file; `ts` is type-checked |
 * | `text` | an output sample, not run |
 *
 * A port of the documents (8080, 8081, 8082) stands for the port that the server got.
 */
import { fail, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { DocBlock } from "./doc_blocks.ts";
import { runMarina, startMarina } from "./marina_process.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const COPIED = [
  "main.ts",
  "deno.json",
  "deno.lock",
  "LICENSE",
  "archiver",
  "completions",
  "handlers",
  "server",
  "examples",
  "scripts",
];
const TOLERANCE = 1e-4;
/** A task as a reader types it, with the arguments after it. */
const TASK_REGEXP = /(?:deno|npx -y deno@[\d.]+) task (\w+)((?:\\\n|[^\n])*)/;

/** What one document's blocks share; ends its servers and removes its copy of the project. */
export class DocRunner implements AsyncDisposable {
  #projectDir: string;
  #binDir: string;
  #cleanUp = new AsyncDisposableStack();
  #portByDocPort = new Map<string, string>();
  #lastOutput = "";

  private constructor(projectDir: string, binDir: string) {
    this.#projectDir = projectDir;
    this.#binDir = binDir;
  }

  static async start(): Promise<DocRunner> {
    const dir = await Deno.makeTempDir({ prefix: "marina-docs-" });
    const runner = new DocRunner(join(dir, "project"), join(dir, "bin"));
    runner.#cleanUp.defer(() => Deno.remove(dir, { recursive: true }));
    await Deno.mkdir(runner.#projectDir);
    await Deno.mkdir(runner.#binDir);
    const sources = COPIED.map((name) => join(ROOT, name));
    await runner.#run("cp", ["-R", ...sources, "."]);
    await runner.#run("mkdir", ["-p", "tests/testdata"]);
    await runner.#run("cp", ["-R", join(ROOT, "tests", "support"), "tests"]);
    await runner.#run("cp", ["-R", join(ROOT, "tests", "testdata", "bench"), "tests/testdata"]);
    const shim = `#!/bin/sh\nexec "${Deno.execPath()}" "$@"\n`;
    await Deno.writeTextFile(join(runner.#binDir, "deno"), shim, { mode: 0o755 });
    return runner;
  }

  /** Runs one block; throws when it does not hold. */
  async check(block: DocBlock): Promise<void> {
    if (block.file !== undefined) return await this.#writeFile(block, block.file);
    switch (block.language) {
      case "sh":
        return await this.#runShell(block.text);
      case "json":
        return assertJsonClose(JSON.parse(this.#lastOutput), JSON.parse(block.text), "$");
      case "ts":
        await this.#writeFile(block, `example_${block.line}.ts`);
        return void await this.#run("deno", ["run", "-A", `example_${block.line}.ts`]);
      case "text":
        return;
      default:
        fail(`Cannot check a block of "${block.language}": use sh, json, ts, text or file=NAME`);
    }
  }

  async #writeFile(block: DocBlock, name: string): Promise<void> {
    await Deno.writeTextFile(join(this.#projectDir, name), block.text);
    if (name.endsWith(".ts")) await this.#run("deno", ["check", name]);
  }

  async #runShell(text: string): Promise<void> {
    const [, task, args] = TASK_REGEXP.exec(text) ?? [];
    if (task !== undefined) await this.#assertTask(task);
    if (task === "serve") return await this.#serve(args!, parseEnv(text));
    if (["test", "check", "ok", "bench"].includes(task ?? "")) return;
    let command = task === "demo" ? "deno task demo -- --once" : text;
    command = command.replaceAll(/npx -y deno@[\d.]+/g, "deno");
    for (const [docPort, port] of this.#portByDocPort) {
      command = command.replaceAll(`:${docPort}`, `:${port}`);
    }
    this.#lastOutput = await this.#run("sh", ["-e", "-c", command]);
  }

  async #assertTask(task: string): Promise<void> {
    const config = JSON.parse(await Deno.readTextFile(join(ROOT, "deno.json")));
    ok(task in config.tasks, `Cannot run "deno task ${task}": deno.json has no such task`);
  }

  async #serve(args: string, env: Readonly<Record<string, string>>): Promise<void> {
    const words = args.replaceAll("\\\n", " ").trim().split(/\s+/);
    const at = words.indexOf("--ts-config");
    const configFile = at === -1 ? undefined : words.splice(at, 2)[1];
    const marina = await startMarina({
      args: words,
      config: configFile === undefined ? {} : await this.#readConfig(configFile),
      cwd: this.#projectDir,
      env: { LOG_LOCATION: join(this.#projectDir, "logs"), ...env },
    });
    this.#cleanUp.use(marina);
    const { inferenceUrl, managementUrl, metricsUrl } = marina;
    for (const [i, url] of [inferenceUrl, managementUrl, metricsUrl].entries()) {
      this.#portByDocPort.set(String(8080 + i), new URL(url).port);
    }
  }

  /** The settings of a file of the document but for its addresses, whose ports may be taken. */
  async #readConfig(name: string): Promise<Record<string, string>> {
    const lines = (await Deno.readTextFile(join(this.#projectDir, name))).trim().split("\n");
    const settings = lines.map((line): [string, string] => {
      const equals = line.indexOf("=");
      return [line.slice(0, equals), line.slice(equals + 1)];
    });
    return Object.fromEntries(settings.filter(([setting]) => !setting.endsWith("_address")));
  }

  async #run(command: string, args: readonly string[]): Promise<string> {
    const output = await new Deno.Command(command === "deno" ? Deno.execPath() : command, {
      args: [...args],
      cwd: this.#projectDir,
      env: {
        PATH: `${this.#binDir}:${Deno.env.get("PATH")}`,
        NO_COLOR: "1",
        DENO_NO_UPDATE_CHECK: "1",
      },
      stdin: "null",
    }).output();
    const [stdout, stderr] = [output.stdout, output.stderr].map((bytes) =>
      new TextDecoder().decode(bytes)
    );
    strictEqual(output.code, 0, `${command} ${args.join(" ")}\n${stdout}${stderr}`);
    return stdout!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cleanUp[Symbol.asyncDispose]();
  }
}

/** The variables that a command sets for itself: `NAME=value NAME=value deno task …`. */
function parseEnv(text: string): Readonly<Record<string, string>> {
  const [assignments] = /^(?:[A-Z_]+=\S*[ \\\n]+)*/.exec(text)!;
  const pairs = assignments.split(/[ \\\n]+/).filter((pair) => pair !== "");
  return Object.fromEntries(pairs.map((pair) => {
    const equals = pair.indexOf("=");
    return [pair.slice(0, equals), pair.slice(equals + 1)];
  }));
}

/** Whether the commands of the documents can run at all. */
export async function findMissingTool(): Promise<string | undefined> {
  for (const [tool, flag] of [["sh", "-c"], ["curl", "--version"]] as const) {
    const args = flag === "-c" ? ["-c", ":"] : [flag];
    const isThere = await new Deno.Command(tool, { args, stdout: "null", stderr: "null" }).output()
      .then(({ success }) => success, () => false);
    if (!isThere) return tool;
  }
  return (await runMarina(["--version"])).code === 0 ? undefined : "marina";
}

/** Same structure, same order of keys, numbers within the tolerance of the golden values. */
function assertJsonClose(actual: unknown, expected: unknown, path: string): void {
  if (typeof expected === "number" && typeof actual === "number") {
    const message = `${path}: expected ${expected}, received ${actual}`;
    return ok(Math.abs(actual - expected) <= TOLERANCE, message);
  }
  if (typeof expected !== "object" || expected === null) {
    return strictEqual(actual, expected, path);
  }
  ok(typeof actual === "object" && actual !== null, `${path}: expected an object or an array`);
  strictEqual(Object.keys(actual).join(), Object.keys(expected).join(), `${path}: the keys`);
  for (const [key, value] of Object.entries(expected)) {
    assertJsonClose((actual as Record<string, unknown>)[key], value, `${path}.${key}`);
  }
}
