import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import config from "../../deno.json" with { type: "json" };
import { ArchiveError } from "../errors.ts";
import { isCompiled, runDeno } from "./_deno_cli.ts";
import { readProject } from "./_project.ts";

/** Where the program's own sources start. */
const PROGRAM_ROOT = new URL("../../", import.meta.url).href;

/**
 * Checks the types of a handler with the Deno that runs this program, before it is packed.
 *
 * `marina` is this program's own, everything else is what the handler's `deno.json` says.
 *
 * @param path As the user gave it.
 * @throws {ArchiveError} `handler_invalid` with the compiler's own text; `handler_not_checked` in a compiled
 * executable, which holds neither the compiler nor the types.
 */
export async function checkHandler(path: string): Promise<void> {
  if (isCompiled()) {
    throw new ArchiveError(
      "handler_not_checked",
      `Cannot check handler "${path}": the compiled executable holds no type checker, ` +
        "run marina archive --check from the sources, with Deno",
    );
  }
  const absolute = resolve(path);
  const { imports, dir } = await readProject(dirname(absolute));
  const toTarget = (target: string) =>
    /^\.{1,2}\//.test(target) ? new URL(target, toFolderUrl(dir)).href : target;
  const { marina, ...own } = config.imports;
  const importMap = {
    imports: {
      ...Object.fromEntries([...imports].map(([name, target]) => [name, toTarget(target)])),
      marina: new URL(marina, PROGRAM_ROOT).href,
    },
    scopes: { [PROGRAM_ROOT]: own },
  };
  const folder = await Deno.makeTempDir({ prefix: "marina-check-" });
  try {
    const mapPath = join(folder, "import_map.json");
    await Deno.writeTextFile(mapPath, JSON.stringify(importMap));
    const outcome = await runDeno(
      ["check", "--quiet", "--no-lock", "--no-config", "--node-modules-dir=none"]
        // Not as a path: its brackets and question marks would be patterns, and match nothing.
        .concat("--import-map", mapPath, pathToFileURL(absolute).href),
    );
    if (outcome?.code === 0) return;
    const text = (outcome?.stderr ?? "").split("\n\nerror: Type checking failed")[0]!.trim()
      .replaceAll(toFolderUrl(dirname(absolute)), "");
    throw new ArchiveError(
      "handler_invalid",
      `Cannot pack handler "${path}": its types do not check\n${text}`,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function toFolderUrl(dir: string): string {
  return pathToFileURL(join(dir, "/")).href;
}
