/** `serve --start`: the same command as a process of its own, which outlives the terminal. */
import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { basename, dirname, join, sep } from "node:path";
import { createInterface } from "node:readline";
import { createOwnCommand } from "./_own_command.ts";
import { createRunningError, findRunningServer } from "./_pid_file.ts";
import { watchStopSignals } from "./_stop_signals.ts";
import { ConfigError } from "./config/mod.ts";

const READY_LINE = "Model server started.";
const CONSOLE_FILE = "console.log";
const SHOWN_LINES = 20;

export interface StartInBackgroundOptions {
  /** What follows `serve`. */
  readonly args: readonly string[];
  /** Where the console's lines go. */
  readonly logDir: string;
  /** Where the pid file is. */
  readonly tempDir: string;
  /** Receives each line that the server prints until it is ready. */
  readonly onLine: (line: string) => void;
}

/**
 * Starts the server in a session of its own and answers once it is ready. Its log lines go to
 * `console.log` in the log folder, which begins anew with each start.
 *
 * @throws {ConfigError} If one runs already, or the server ended without getting ready; the message holds
 * its last lines.
 */
export async function startInBackground(options: StartInBackgroundOptions): Promise<void> {
  const { args, logDir, tempDir, onLine } = options;
  if (await findRunningServer(tempDir) !== undefined) throw createRunningError();
  const consoleFile = await createConsoleFile(logDir);
  const command = createOwnCommand(["serve", "--foreground", ...args]);
  const output = openSync(consoleFile, "a");
  using signals = watchStopSignals();
  const child = spawn(toForeignPath(command.program), command.args, {
    detached: true,
    stdio: ["ignore", "pipe", output],
  });
  closeSync(output);
  const ended = new Promise<"ended">((resolve) => {
    child.once("exit", () => resolve("ended"));
    child.once("error", () => resolve("ended"));
  });
  const lines = createInterface({ input: child.stdout! });
  const ready = new Promise<"ready">((resolve) => {
    lines.on("line", (line: string) => {
      onLine(line);
      if (line === READY_LINE) resolve("ready");
    });
  });
  const stopAsked = signals.stopAsked.then(() => "stop" as const);
  const outcome = await Promise.race([ready, ended, stopAsked]);
  if (outcome === "stop") {
    child.kill("SIGTERM");
    await ended;
    throw new ConfigError("Cannot start: it was asked to stop before it was ready");
  }
  if (outcome === "ended") {
    const last = (await Deno.readTextFile(consoleFile)).trimEnd().split("\n").slice(-SHOWN_LINES);
    throw new ConfigError(
      `Cannot start: the server ended before it was ready; the end of "${consoleFile}":\n${
        last.join("\n")
      }`,
    );
  }
  lines.close();
  child.stdout!.destroy();
  child.unref();
}

/**
 * Where the runtime starts itself by its own path it reads the arguments as Node's, and puts `run` before them,
 * in a compiled program as well; the same file by another path gets them as they are.
 */
function toForeignPath(program: string): string {
  return [dirname(program), ".", basename(program)].join(sep);
}

async function createConsoleFile(logDir: string): Promise<string> {
  const path = join(logDir, CONSOLE_FILE);
  try {
    await Deno.mkdir(logDir, { recursive: true });
    await Deno.writeTextFile(path, "", { mode: 0o600 });
    return path;
  } catch (cause) {
    throw new ConfigError(
      `Cannot start: "${path}" cannot be written, name another folder as environment variable LOG_LOCATION`,
      { cause },
    );
  }
}
