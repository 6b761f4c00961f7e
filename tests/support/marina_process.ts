/**
 * Marina as a process, for the tests that ask whether the product works.
 *
 * `MARINA_CMD` replaces the command under test (words split at blanks): so the same tests run against a
 * compiled binary. `MARINA_ISOLATION` says what its workers run in, `thread` or `process`, where a test does not.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ENGINE_FLAG } from "../../server/own_flags.ts";

const REPOSITORY_ROOT = fileURLToPath(new URL("../../", import.meta.url));
const START_DEADLINE_MS = 120_000;
const RUN_DEADLINE_MS = 300_000;
const STOP_DEADLINE_MS = 60_000;
const ASKED_ISOLATION = Deno.env.get("MARINA_ISOLATION");

/** What the workers of a server run in where its test does not say: `thread` or `process`. */
export const WORKER_ISOLATION = ASKED_ISOLATION ?? "thread";

/** What a command left behind. */
export interface CommandOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunMarinaOptions {
  /** The repository's root unless given. */
  readonly cwd?: string;
  /** The program and what comes before its arguments, instead of the checkout's `main.ts`. */
  readonly command?: readonly string[];
  /** Added to this process's own environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs one command to its end, killed if it never comes: `runMarina(["archive", "--help"])`. */
export async function runMarina(
  args: readonly string[],
  options: RunMarinaOptions = {},
): Promise<CommandOutcome> {
  const child = createCommand(args, options).spawn();
  const deadline = setTimeout(() => kill(child, "SIGKILL"), RUN_DEADLINE_MS);
  const output = await child.output().finally(() => clearTimeout(deadline));
  const decoder = new TextDecoder();
  return {
    code: output.code,
    stdout: decoder.decode(output.stdout),
    stderr: decoder.decode(output.stderr),
  };
}

export interface StartMarinaOptions extends RunMarinaOptions {
  /** What follows `serve`: `["--model-store", dir, "--models", "mnist=mnist.mar"]`. */
  readonly args: readonly string[];
  /**
   * Settings of the config file, by their names in it. The three addresses are on port 0 and no token is
   * asked for, unless they are given here. Not used when `args` names a `--ts-config` of its own. `null`
   * names no file: the server looks for a snapshot or a `config.properties` by itself.
   */
  readonly config?: Readonly<Record<string, string | number | boolean>> | null;
  /** The process is killed so long after its start, be it ready or not. */
  readonly killAfterMs?: number;
}

/** A server that runs until it is stopped or disposed of. */
export interface MarinaProcess extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`, no slash at the end; so are the next two. */
  readonly inferenceUrl: string;
  readonly managementUrl: string;
  /** Empty where `enable_metrics_api` is false. */
  readonly metricsUrl: string;
  readonly pid: number;
  /** The folder of its log files and snapshots, unless `env` names another; gone with the object. */
  readonly logDir: string;
  /** Lines so far; the arrays grow while the server runs. */
  readonly stdoutLines: readonly string[];
  readonly stderrLines: readonly string[];
  /** Answers the first line of stderr, past or to come, that matches; throws when the server ends without one. */
  waitForStderr(pattern: RegExp): Promise<string>;
  /** Sends a signal, `SIGTERM` unless given, without waiting. */
  kill(signal?: Deno.Signal): void;
  /** Answers the exit code once the process has ended by itself. */
  waitForExit(): Promise<number>;
  /** Sends a signal, `SIGTERM` unless given, and answers the exit code. */
  stop(signal?: Deno.Signal): Promise<number>;
}

/** Starts `serve` on free ports and answers once it has printed that it is ready. */
export async function startMarina(options: StartMarinaOptions): Promise<MarinaProcess> {
  const configDir = await Deno.makeTempDir({ prefix: "marina-config-" });
  const args = ["serve", ...options.args];
  if (ASKED_ISOLATION !== undefined && !args.includes("--isolation")) {
    args.push("--isolation", ASKED_ISOLATION);
  }
  if (options.config !== null && !options.args.some((arg) => arg.startsWith("--ts-config"))) {
    const configPath = join(configDir, "config.properties");
    await Deno.writeTextFile(configPath, toConfigText(options.config ?? {}));
    args.push("--ts-config", configPath);
  }
  // Log files and snapshots go to a folder of this server's own.
  const logDir = join(configDir, "logs");
  const env = { LOG_LOCATION: logDir, METRICS_LOCATION: logDir, ...options.env };
  const child = createCommand(args, { ...options, env }).spawn();
  const stdout = new LineCollector(child.stdout);
  const stderr = new LineCollector(child.stderr);
  const ended = Promise.all([child.status, stdout.ended, stderr.ended]).then(([status]) => status);
  let hasEnded = false;
  const killer = options.killAfterMs === undefined
    ? undefined
    : setTimeout(() => kill(child, "SIGKILL"), options.killAfterMs);
  ended.then(() => {
    hasEnded = true;
    clearTimeout(killer);
  });

  async function stop(signal: Deno.Signal = "SIGTERM"): Promise<number> {
    if (!hasEnded) kill(child, signal);
    const lastResort = setTimeout(() => kill(child, "SIGKILL"), STOP_DEADLINE_MS);
    try {
      return (await ended).code;
    } finally {
      clearTimeout(lastResort);
    }
  }

  async function dispose(): Promise<void> {
    await stop();
    await Deno.remove(configDir, { recursive: true }).catch(() => {});
  }

  const startDeadline = setTimeout(() => kill(child, "SIGKILL"), START_DEADLINE_MS);
  try {
    await stdout.waitFor(/^Model server started\.$/);
    const addressOf = (what: string): string =>
      stdout.lines.find((line) => line.startsWith(`${what} address: `))?.split(": ")[1] ?? "";
    return {
      inferenceUrl: addressOf("Inference"),
      managementUrl: addressOf("Management"),
      metricsUrl: addressOf("Metrics"),
      pid: child.pid,
      logDir: env.LOG_LOCATION,
      stdoutLines: stdout.lines,
      stderrLines: stderr.lines,
      waitForStderr: (pattern) => stderr.waitFor(pattern),
      kill: (signal = "SIGTERM") => kill(child, signal),
      waitForExit: async () => (await ended).code,
      stop,
      [Symbol.asyncDispose]: dispose,
    };
  } catch {
    await dispose();
    throw new Error(
      `Cannot start "${args.join(" ")}": it ended with code ${(await ended).code}\n` +
        [...stdout.lines, ...stderr.lines].join("\n"),
    );
  } finally {
    clearTimeout(startDeadline);
  }
}

/** The program under test and what comes before its arguments. */
export function createCommandPrefix(): readonly string[] {
  return Deno.env.get("MARINA_CMD")?.trim().split(/\s+/) ??
    [
      Deno.execPath(),
      "run",
      "-A",
      "--no-prompt",
      "--cached-only",
      // A handler that asks for a package must not find it because somebody's cache has it.
      "--frozen",
      ENGINE_FLAG,
      "--config",
      join(REPOSITORY_ROOT, "deno.json"),
      join(REPOSITORY_ROOT, "main.ts"),
    ];
}

function createCommand(args: readonly string[], options: RunMarinaOptions): Deno.Command {
  const [program, ...before] = options.command ?? createCommandPrefix();
  return new Deno.Command(program!, {
    args: [...before, ...args],
    cwd: options.cwd ?? REPOSITORY_ROOT,
    env: { DENO_NO_UPDATE_CHECK: "1", ...options.env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

/** Does nothing to a process that has ended meanwhile. */
function kill(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch (error) {
    if (!(error instanceof TypeError) && !(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function toConfigText(config: Readonly<Record<string, string | number | boolean>>): string {
  const settings = {
    inference_address: "http://127.0.0.1:0",
    management_address: "http://127.0.0.1:0",
    metrics_address: "http://127.0.0.1:0",
    disable_token_authorization: true,
    ...config,
  };
  return Object.entries(settings).map(([key, value]) => `${key}=${value}\n`).join("");
}

/** Cuts a stream into lines as they come, and wakes those who wait for one. */
class LineCollector {
  readonly lines: string[] = [];
  readonly ended: Promise<void>;
  #hasEnded = false;
  #wakeUps = new Set<() => void>();

  constructor(stream: ReadableStream<Uint8Array<ArrayBuffer>>) {
    this.ended = this.#collect(stream);
  }

  async waitFor(pattern: RegExp): Promise<string> {
    for (let next = 0;;) {
      for (; next < this.lines.length; next++) {
        if (pattern.test(this.lines[next]!)) return this.lines[next]!;
      }
      if (this.#hasEnded) {
        throw new Error(`No line matches ${pattern}, found:\n${this.lines.join("\n")}`);
      }
      await new Promise<void>((resolve) => this.#wakeUps.add(resolve));
    }
  }

  async #collect(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    let rest = "";
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      const pieces = (rest + text).split("\n");
      rest = pieces.pop()!;
      this.lines.push(...pieces);
      this.#wake();
    }
    if (rest !== "") this.lines.push(rest);
    this.#hasEnded = true;
    this.#wake();
  }

  #wake(): void {
    const wakeUps = [...this.#wakeUps];
    this.#wakeUps.clear();
    for (const wakeUp of wakeUps) wakeUp();
  }
}
