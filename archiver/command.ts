import {
  ARCHIVE_OPTIONS,
  parseArchiveArguments,
  ProgressBar,
  toHelpText,
  toUsageText,
  UsageError,
} from "./cli/mod.ts";
import { ArchiveError } from "./errors.ts";
import { generateModelArchive } from "./generate_model_archive.ts";
import type { ModelArchiverConfig } from "./model_archiver_config.ts";

const PROGRAM = "marina archive";
const DESCRIPTION = "Packs a model, its handler and its files into one archive.";

/** 128 and the signal's number, as shells report it. */
const EXIT_CODE_BY_SIGNAL = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * The `archive` command: arguments in, an archive on disk out.
 *
 * Success prints nothing, unless stderr is a terminal and a file is large enough for a progress
 * bar. Warnings and errors go to stderr as `WARNING - …` and `ERROR - …`. SIGINT and SIGTERM
 * end the work and leave nothing behind.
 *
 * @param args What follows `archive`.
 * @returns The exit code: 0 done, 1 failed, 2 wrong usage, 130 or 143 ended by a signal.
 */
export async function runArchiveCommand(args: readonly string[]): Promise<number> {
  let model: ModelArchiverConfig | "help";
  try {
    model = parseArchiveArguments(args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    writeErr(`${toUsageText(PROGRAM, ARCHIVE_OPTIONS)}${PROGRAM}: error: ${error.message}\n`);
    return 2;
  }
  if (model === "help") {
    await writeOut(toHelpText(PROGRAM, DESCRIPTION, ARCHIVE_OPTIONS));
    return 0;
  }
  return await packWithSignals(model);
}

async function packWithSignals(model: ModelArchiverConfig): Promise<number> {
  const abort = new AbortController();
  let exitCode = 1;
  const listeners = Object.entries(EXIT_CODE_BY_SIGNAL)
    // Windows knows no SIGTERM.
    .filter(([signal]) => Deno.build.os !== "windows" || signal === "SIGINT")
    .map(([signal, code]) => {
      const listener = () => {
        exitCode = code;
        abort.abort();
      };
      return { signal: signal as Deno.Signal, listener };
    });
  for (const { signal, listener } of listeners) Deno.addSignalListener(signal, listener);
  const bar = createProgressBar();
  try {
    const sourceDateEpochSec = readSourceDateEpochSec();
    await generateModelArchive(model, {
      signal: abort.signal,
      onWarning: (message) => writeErr(`WARNING - ${message}\n`),
      ...(bar ? { onProgress: (progress) => bar.update(progress) } : {}),
      ...(sourceDateEpochSec === undefined ? {} : { sourceDateEpochSec }),
    });
    return 0;
  } catch (error) {
    bar?.clear();
    if (abort.signal.aborted) return exitCode;
    if (!(error instanceof ArchiveError)) throw error;
    writeErr(`ERROR - ${error.message}\n`);
    if (error.code === "write_failed" && error.cause instanceof Error) {
      writeErr(`ERROR - The system says: ${error.cause.message}\n`);
    }
    return 1;
  } finally {
    for (const { signal, listener } of listeners) Deno.removeSignalListener(signal, listener);
  }
}

/** The variable of [reproducible builds](https://reproducible-builds.org/specs/source-date-epoch/). */
function readSourceDateEpochSec(): number | undefined {
  const text = Deno.env.get("SOURCE_DATE_EPOCH");
  if (text === undefined || text === "") return undefined;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new ArchiveError(
    "setting_invalid",
    `Cannot use SOURCE_DATE_EPOCH "${text}": it must be a whole number of seconds since 1970`,
  );
}

function createProgressBar(): ProgressBar | undefined {
  if (!Deno.stderr.isTerminal()) return undefined;
  return new ProgressBar({
    write: writeErr,
    now: () => performance.now(),
    hasColor: !Deno.noColor,
  });
}

async function writeOut(text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) at += await Deno.stdout.write(bytes.subarray(at));
}

function writeErr(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(text));
}
