import { parseArgs } from "node:util";
import { INSPECT_OPTIONS, inspectArchive, toInspectionJson, toInspectionText } from "./cli/mod.ts";
import { ArchiveError } from "./errors.ts";

const USAGE = `Usage: marina inspect [--json] [--verify] ARCHIVE

Shows what a .mar file, a .tar.gz file or a model's folder holds: the manifest, the files with
their sizes and SHA-256 digests, inputs and outputs of ONNX models, and the model's config.
Nothing is unpacked to disk.

Options:
${
  INSPECT_OPTIONS.map(({ flags, help }) => `  ${flags.join(", ").padEnd(10)}  ${help.join(" ")}\n`)
    .join("")
}
Exit codes: 0 sound (and proven, with --verify), 1 not sound or not proven, 2 wrong usage
`;

/**
 * Runs `marina inspect`.
 *
 * @param args What follows the command's name.
 * @returns The exit code: 0 sound, 1 not sound or not proven, 2 wrong usage.
 */
export async function runInspectCommand(args: readonly string[]): Promise<number> {
  const options = parseOptions(args);
  if (options === "help") {
    await write(Deno.stdout, USAGE);
    return 0;
  }
  if ("fault" in options) {
    await write(Deno.stderr, `${USAGE}\nmarina inspect: error: ${options.fault}\n`);
    return 2;
  }
  try {
    const inspection = await inspectArchive(options.path, { verify: options.verify });
    const render = options.json ? toInspectionJson : toInspectionText;
    await write(Deno.stdout, render(inspection));
    if (inspection.fault) throw inspection.fault;
    return 0;
  } catch (error) {
    if (!(error instanceof ArchiveError) && !(error instanceof Deno.errors.PermissionDenied)) {
      throw error;
    }
    await write(Deno.stderr, `marina inspect: error: ${error.message}\n`);
    return 1;
  }
}

type Options = { path: string; json: boolean; verify: boolean } | "help" | { fault: string };

function parseOptions(args: readonly string[]): Options {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        json: { type: "boolean", default: false },
        verify: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    if (values.help) return "help";
    const [path] = positionals;
    if (path === undefined || path === "" || positionals.length > 1) {
      return { fault: `Cannot inspect: expected one archive, found ${positionals.length}` };
    }
    return { path, json: values.json, verify: values.verify };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return { fault: error.message };
  }
}

/** All of the text; a reader that went away, as `head` does, is no failure. */
async function write(stream: { write(bytes: Uint8Array): Promise<number> }, text: string) {
  const bytes = new TextEncoder().encode(text);
  try {
    for (let written = 0; written < bytes.length;) {
      written += await stream.write(bytes.subarray(written));
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}
