/** `marina serve`: flags in, exit code out. */
import denoConfig from "../deno.json" with { type: "json" };
import { assertServePermissions, assertSettingsPermissions } from "./_permissions.ts";
import { claimPidFile } from "./_pid_file.ts";
import {
  needsRelaunch,
  receiveHandedSignals,
  RELAUNCHED_FLAG,
  relaunchServe,
} from "./_relaunch.ts";
import { type StopOutcome, stopRunningServer } from "./_stop_running_server.ts";
import { watchStopSignals } from "./_stop_signals.ts";
import {
  ConfigError,
  createConfigListing,
  createServeHelp,
  parseServeFlags,
  readServerConfig,
  readTempDir,
  type ServeFlags,
  type ServerConfig,
  UsageError,
} from "./config/mod.ts";
import { createLog } from "./logging/mod.ts";
import { openProcessLog } from "./process_log.ts";
import type { RunningServer } from "./server.ts";

const STOP_TEXTS: Readonly<Record<StopOutcome, string>> = {
  stopped: "Marina has stopped.",
  not_running: "Marina is not currently running.",
  still_running: "Marina has not stopped within 60 s.",
};

const EXIT_OK = 0;
const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

/**
 * Runs `serve` until a signal stops it, or does what a flag asks for instead: `--start` (in the
 * background), `--stop`, `--print-config`, `--version`, `--help`.
 *
 * Stdout gets the addresses and `Model server started.`, each on a line, and nothing else; logs go to
 * stderr. The first SIGTERM or SIGINT lets requests in flight finish; a second one makes this answer at
 * once, with work left undone, so the caller has to end the process.
 *
 * @param args What follows `serve` on the command line.
 * @returns 0 after a stop that was asked for, 1 when the server could not start, 2 for a wrong command
 * line, 130 or 143 after a second signal.
 */
export async function runServeCommand(args: readonly string[]): Promise<number> {
  const isRelaunched = args[0] === RELAUNCHED_FLAG;
  const ownArgs = isRelaunched ? args.slice(1) : args;
  try {
    return await runTask(parseServeFlags(ownArgs), ownArgs, isRelaunched);
  } catch (error) {
    if (error instanceof UsageError) {
      writeLine(Deno.stderr, "usage: marina serve --model-store DIR [options]");
      writeLine(Deno.stderr, `marina serve: error: ${error.message}`);
      return EXIT_USAGE;
    }
    if (error instanceof ConfigError) {
      writeLine(Deno.stderr, `marina serve: error: ${error.message}`);
      return EXIT_FAILED;
    }
    throw error;
  }
}

async function runTask(
  flags: ServeFlags,
  args: readonly string[],
  isRelaunched: boolean,
): Promise<number> {
  switch (flags.task) {
    case "help":
      write(Deno.stdout, createServeHelp());
      return EXIT_OK;
    case "version":
      writeLine(Deno.stdout, `marina ${denoConfig.version}`);
      return EXIT_OK;
    case "print_config":
      return await printConfig(flags);
    case "stop":
      return await stop();
    case "dry_run":
      if (!isRelaunched && needsRelaunch()) return await relaunchServe(args);
      return await dryRun(flags, isRelaunched);
    case "serve":
      if (flags.isStart && !flags.foreground) return await start(flags, args);
      if (!isRelaunched && needsRelaunch()) return await relaunchServe(args);
      return await endProcess(await serve(flags, isRelaunched));
  }
}

async function start(flags: ServeFlags, args: readonly string[]): Promise<number> {
  const { config } = await readServerConfig(flags);
  const { startInBackground } = await import("./_start_in_background.ts");
  await startInBackground({
    args,
    logDir: config.logs.dir,
    tempDir: readTempDir(),
    onLine: (line) => writeLine(Deno.stdout, line),
  });
  return EXIT_OK;
}

async function stop(): Promise<number> {
  const outcome = await stopRunningServer({ tempDir: readTempDir(), cwd: Deno.cwd() });
  writeLine(Deno.stdout, STOP_TEXTS[outcome]);
  return outcome === "still_running" ? EXIT_FAILED : EXIT_OK;
}

async function printConfig(flags: ServeFlags): Promise<number> {
  const { settings, warnings } = await readServerConfig(flags);
  for (const warning of warnings) writeLine(Deno.stderr, `marina serve: warning: ${warning}`);
  write(Deno.stdout, createConfigListing(settings));
  return EXIT_OK;
}

async function dryRun(flags: ServeFlags, isRelaunched: boolean): Promise<number> {
  if (isRelaunched) receiveHandedSignals((signal) => Deno.kill(Deno.pid, signal));
  const { config, warnings } = await readServerConfig(flags);
  const warn = (text: string) => writeLine(Deno.stderr, `marina serve: warning: ${text}`);
  for (const warning of warnings) warn(warning);
  const { checkModels } = await import("./_dry_run.ts");
  const report = (line: string) => writeLine(Deno.stdout, line);
  return await checkModels(config, { report, warn }) ? EXIT_OK : EXIT_FAILED;
}

async function serve(flags: ServeFlags, isRelaunched: boolean): Promise<number> {
  using signals = watchStopSignals();
  if (isRelaunched) receiveHandedSignals(signals.receive);
  assertSettingsPermissions();
  const { config, warnings } = await readServerConfig(flags);
  assertServePermissions(config);
  await using _log = await openProcessLog({
    logs: config.logs,
    isTerminal: Deno.stderr.isTerminal(),
    write: (text) => write(Deno.stderr, text),
  });
  const log = createLog("config");
  for (const warning of warnings) log.warn(warning);
  const pidFile = flags.isStart ? await claimPidFile(readTempDir()) : undefined;
  const lifetime = new Lifetime();
  try {
    const run = lifetime.run(config, signals.stopAsked);
    const exitCode = await Promise.race([run, signals.exitAsked]);
    if (exitCode !== EXIT_OK) lifetime.server?.abandon();
    return exitCode;
  } finally {
    await pidFile?.remove();
  }
}

/** Answers the code, unless the process has to end before its caller can do so. */
async function endProcess(exitCode: number): Promise<number> {
  const { endBusyProcess } = await import("./_end_process.ts");
  endBusyProcess(exitCode);
  return exitCode;
}

/** One server from its start to its stop; `server` is there as long as it runs. */
class Lifetime {
  server: RunningServer | undefined;

  async run(config: ServerConfig, stopAsked: Promise<void>): Promise<number> {
    const { startServer } = await import("./server.ts");
    this.server = await startServer(config);
    writeLine(Deno.stdout, `Inference address: ${this.server.inferenceUrl}`);
    writeLine(Deno.stdout, `Management address: ${this.server.managementUrl}`);
    const { metricsUrl } = this.server;
    if (metricsUrl !== undefined) writeLine(Deno.stdout, `Metrics address: ${metricsUrl}`);
    writeLine(Deno.stdout, "Model server started.");
    await stopAsked;
    createLog("server").info("Stopping, requests in flight are finished first");
    await this.server.stop();
    return EXIT_OK;
  }
}

function writeLine(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  write(stream, `${text}\n`);
}

/** Writes all of it; a reader that has gone away must not end the server. */
function write(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  const bytes = new TextEncoder().encode(text);
  try {
    for (let written = 0; written < bytes.length;) {
      written += stream.writeSync(bytes.subarray(written));
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}
