import { basename } from "node:path";
import { ArchiveError } from "../errors.ts";
import type { Runtime } from "../model_archiver_config.ts";

/** What a `--handler` argument means. */
export interface ResolvedHandler {
  /** The file to pack; absent for a built-in handler. */
  readonly path?: string;
  /** What the manifest says. */
  readonly manifestName: string;
  readonly runtime: Runtime;
  /** Where the archive keeps the file that the handler was bundled from; absent when it is packed as it is. */
  readonly sourceName?: string;
}

/** The names that TorchServe's archiver knows (its `model_handlers`); no file belongs to them. */
const BUILT_IN_NAMES: readonly string[] = [
  "base_handler",
  "text_classifier",
  "image_classifier",
  "object_detector",
  "image_segmenter",
  "dali_image_classifier",
  "vllm_handler",
  "trt_llm_handler",
];

/** The same for `--runtime LSP`, TorchServe's C++ backend. */
const LSP_BUILT_IN_NAMES: readonly string[] = ["BaseHandler", "TorchScriptHandler"];

const DENO_SUFFIXES: readonly string[] = [".ts", ".js", ".mjs"];

/** `src/handler.ts:entry`; a colon in a Windows drive is followed by a separator. */
const ENTRY_REGEXP = /^(.+):([A-Za-z_$][\w$]*)$/;

/**
 * Finds the file behind a `--handler` argument and the runtime it needs.
 *
 * With `python`, `python3` and `LSP` the rules are those of TorchServe's archiver, which
 * appends the suffix itself, and `handler.py:entry` is accepted too. With `deno` the manifest gets
 * the file's full name, so that its reader need not guess the suffix.
 *
 * @param argument As the user gave it.
 * @param runtime Chosen by the handler unless given.
 * @param isFile Answers whether a path is an existing file.
 * @throws {ArchiveError} `input_not_found` if no candidate exists, `setting_invalid` if the
 * handler's language is not the runtime's.
 */
export async function resolveHandlerArgument(
  argument: string,
  runtime: Runtime | undefined,
  isFile: (path: string) => Promise<boolean>,
): Promise<ResolvedHandler> {
  if (runtime === "LSP") return resolveLspHandler(argument, isFile);
  if (runtime === "python" || runtime === "python3") {
    return await resolvePythonHandler(argument, runtime, isFile);
  }
  if (BUILT_IN_NAMES.includes(argument)) return { manifestName: argument, runtime: "deno" };
  const { path, entry } = splitEntry(argument);
  if (runtime === undefined && (argument === "" || path.endsWith(".py"))) {
    return await resolvePythonHandler(argument, "python", isFile);
  }
  if (DENO_SUFFIXES.some((suffix) => path.endsWith(suffix))) {
    if (!(await isFile(path))) throw notFound(argument, [path]);
    return { path, manifestName: basename(argument), runtime: "deno" };
  }
  if (runtime === undefined && await isFile(`${path}.py`)) {
    return { path: `${path}.py`, manifestName: basename(argument), runtime: "python" };
  }
  const candidates = DENO_SUFFIXES.map((suffix) => path + suffix);
  for (const candidate of candidates) {
    if (!(await isFile(candidate))) continue;
    const manifestName = basename(candidate) + (entry === undefined ? "" : `:${entry}`);
    return { path: candidate, manifestName, runtime: "deno" };
  }
  if (runtime === "deno" && await isFile(path)) {
    throw new ArchiveError(
      "setting_invalid",
      `Cannot pack handler "${argument}": runtime "deno" needs a .ts, .js or .mjs file`,
    );
  }
  throw notFound(argument, runtime === undefined ? [`${path}.py`, ...candidates] : candidates);
}

async function resolvePythonHandler(
  argument: string,
  runtime: Runtime,
  isFile: (path: string) => Promise<boolean>,
): Promise<ResolvedHandler> {
  const manifestName = basename(argument);
  if (argument === "" || BUILT_IN_NAMES.includes(argument)) return { manifestName, runtime };
  const { path } = splitEntry(argument);
  const candidates = argument.includes(".py")
    ? [...new Set([argument, path])]
    : [`${argument.split(":")[0]}.py`];
  for (const candidate of candidates) {
    if (await isFile(candidate)) return { path: candidate, manifestName, runtime };
  }
  throw notFound(argument, [candidates.at(-1)!]);
}

async function resolveLspHandler(
  argument: string,
  isFile: (path: string) => Promise<boolean>,
): Promise<ResolvedHandler> {
  const handler = { manifestName: basename(argument), runtime: "LSP" } as const;
  if (argument === "" || LSP_BUILT_IN_NAMES.includes(argument)) return handler;
  const suffix = Deno.build.os === "darwin" ? ".dylib" : ".so";
  const path = Deno.build.os === "windows" ? argument : argument.split(":")[0] + suffix;
  if (!(await isFile(path))) throw notFound(argument, [path]);
  return { ...handler, path };
}

function splitEntry(argument: string): { readonly path: string; readonly entry?: string } {
  const match = ENTRY_REGEXP.exec(argument);
  return match ? { path: match[1]!, entry: match[2]! } : { path: argument };
}

function notFound(argument: string, candidates: readonly string[]): ArchiveError {
  const tried = candidates.map((path) => `"${path}"`).join(", ");
  const what = candidates.length === 1 && candidates[0] === argument
    ? "the file does not exist"
    : `none of these files exists: ${tried}`;
  return new ArchiveError("input_not_found", `Cannot pack handler "${argument}": ${what}`);
}
