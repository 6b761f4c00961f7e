import { ServeError } from "../errors.ts";

/** Endings that `--models all` takes for archives; folders count whatever their name. */
const ARCHIVE_ENDING_REGEXP = /\.(mar|model|tar\.gz|tgz)$/i;

/**
 * The folder that archives are registered from. Names lead to its direct children and nowhere else.
 */
export class ModelStore {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /**
   * Finds an archive by the URL or file name that it is registered under; as upstream, only its last
   * name counts, so `a/b/c.mar` is `c.mar`.
   *
   * @throws {ServeError} `archive_not_found`, with upstream's texts.
   */
  async resolveArchive(url: string): Promise<string> {
    if (url === "") throw new ServeError("archive_not_found", "empty url");
    if (url.includes("..")) {
      throw new ServeError("archive_not_found", `Relative path is not allowed in url: ${url}`);
    }
    if (/^(file|https?):/i.test(url)) {
      throw new ServeError(
        "archive_not_found",
        `Given URL ${url} does not match any allowed URL(s)`,
      );
    }
    const name = url.split(/[/\\]/).at(-1) ?? "";
    const path = `${this.#dir}/${name}`;
    if (name === "" || name.includes("\0") || !await exists(path)) {
      throw new ServeError("archive_not_found", `Model not found at: ${url}`);
    }
    return path;
  }

  /** The names of all archives in the folder, sorted. */
  async listArchives(): Promise<string[]> {
    const names: string[] = [];
    for await (const entry of Deno.readDir(this.#dir)) {
      if (entry.name.startsWith(".")) continue;
      if (entry.isDirectory || ARCHIVE_ENDING_REGEXP.test(entry.name)) names.push(entry.name);
    }
    return names.sort();
  }
}

/**
 * The name of a model whose manifest has none, from its file: `my-net.mar` → `my_net`.
 *
 * @example
 * ```ts
 * import { strictEqual } from "node:assert";
 * import { toModelName } from "./model_store.ts";
 *
 * strictEqual(toModelName("my-net.tar.gz"), "my_net");
 * ```
 */
export function toModelName(fileName: string): string {
  return fileName.replace(/\.(tar\.gz|[^.]+)$/i, "").replaceAll(/\W|^_/g, "_");
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
