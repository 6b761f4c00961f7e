/**
 * Arguments → command → exit code: the only file that reads `Deno.args` or ends the process.
 *
 * Each command is imported only when it is asked for, so that `archive` never loads the server.
 */
import config from "./deno.json" with { type: "json" };

const USAGE = `Usage: marina <command> [options]

Commands:
  archive      Package a model, its handler and its files into one archive
  inspect      Show what an archive holds; --verify proves every digest
  serve        Serve archives over HTTP
  doctor       Show what of this machine "serve" would use, and whether it works
  completions  Print a script that completes commands and flags in a shell

Run "marina <command> --help" for the options of a command.
`;

/** Runs one command and answers its exit code: 0 done, 1 failed, 2 wrong usage. */
async function runCommand(args: readonly string[]): Promise<number> {
  const [command, ...rest] = args;
  switch (command) {
    case "archive":
      return await (await import("./archiver/command.ts")).runArchiveCommand(rest);
    case "inspect":
      return await (await import("./archiver/inspect_command.ts")).runInspectCommand(rest);
    case "serve":
      return await (await import("./server/command.ts")).runServeCommand(rest);
    case "doctor":
      return await (await import("./server/doctor_command.ts")).runDoctorCommand(rest);
    case "completions":
      return await (await import("./completions/command.ts")).runCompletionsCommand(rest);
    // Not for people: a server starts its workers with it.
    case "worker":
      return await (await import("./server/worker_command.ts")).runWorkerCommand(rest);
    case "--version":
      writeOut(`marina ${config.version}\n`);
      return 0;
    case "--help":
    case "-h":
    case "help":
      writeOut(USAGE);
      return 0;
    case undefined:
      writeErr(USAGE);
      return 2;
    default:
      writeErr(
        `marina: error: Cannot run "${command}": known commands are "archive", "inspect", "serve", "doctor", "completions"\n`,
      );
      return 2;
  }
}

/** True where the user of this program has kept a permission from it: the message names the flag. */
function isRefused(error: Error): boolean {
  return error instanceof Deno.errors.NotCapable || /^Requires import access/.test(error.message);
}

function toMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return `Cannot run "${Deno.args[0]}": ${error.message}`;
}

function writeOut(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}

function writeErr(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(text));
}

if (import.meta.main) {
  try {
    Deno.exit(await runCommand(Deno.args));
  } catch (error) {
    const shown = error instanceof Error && !isRefused(error) ? error.stack : undefined;
    writeErr(`marina: error: ${shown ?? toMessage(error)}\n`);
    Deno.exit(1);
  }
}
