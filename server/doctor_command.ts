/** `marina doctor`: what of this machine a server would use, and whether it works. */
import { examineMachine } from "./_examine_machine.ts";
import {
  ConfigError,
  type ConfigReading,
  parseServeFlags,
  readServerConfig,
  type ServeFlags,
  UsageError,
} from "./config/mod.ts";
import { toReportText } from "./doctor/mod.ts";

const EXIT_OK = 0;
const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

const USAGE = "Usage: marina doctor [--json] [options of serve]";

const HELP = `${USAGE}

Shows the GPUs, cores, memory, folders and ports that "serve" with the same options would use, and tries
each of them: every execution provider loads a small model in a process of its own. Nothing is served.

  --json      Print the report as JSON
  --help, -h  Show this text and exit

The options of serve that matter here are --model-store, --ts-config and --ncs. Answers 0 if all that is
asked for can work, and 1 if something cannot.
`;

/**
 * Runs `doctor`. The report goes to stdout.
 *
 * @param args What follows `doctor` on the command line.
 * @returns 0 if all that is asked for can work, 1 if something cannot, 2 for a wrong command line.
 */
export async function runDoctorCommand(args: readonly string[]): Promise<number> {
  try {
    const flags = parseServeFlags(args.filter((arg) => arg !== "--json"));
    if (flags.task === "help") return print(HELP, EXIT_OK);
    assertServeTask(flags);
    const report = await examineMachine(await readConfig(flags));
    const text = args.includes("--json")
      ? `${JSON.stringify(report, undefined, 2)}\n`
      : toReportText(report);
    return print(text, report.problems.length === 0 ? EXIT_OK : EXIT_FAILED);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    Deno.stderr.writeSync(
      new TextEncoder().encode(`${USAGE}\nmarina doctor: error: ${error.message}\n`),
    );
    return EXIT_USAGE;
  }
}

/** A config that cannot be used is a finding. A store may be left out: the working folder stands for it. */
async function readConfig(flags: ServeFlags): Promise<ConfigReading | ConfigError> {
  try {
    return await readServerConfig(flags, { defaultStore: Deno.cwd() });
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
}

function assertServeTask({ task, isStart }: ServeFlags): void {
  if (task === "serve" && !isStart) return;
  throw new UsageError(
    "arguments --start, --stop, --print-config, --dry-run and --version: doctor takes none of them",
  );
}

/** Writes all of it: a pipe takes less at a time. */
function print(text: string, exitCode: number): number {
  const bytes = new TextEncoder().encode(text);
  for (let written = 0; written < bytes.length;) {
    written += Deno.stdout.writeSync(bytes.subarray(written));
  }
  return exitCode;
}
