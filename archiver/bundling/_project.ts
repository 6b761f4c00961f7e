import JSON5 from "json5";
import { dirname, join } from "node:path";
import { ArchiveError } from "../errors.ts";
import { isNotFound } from "../packing/input_file.ts";

/** What a folder's own configuration says about imports of packages. */
export interface Project {
  /** Of the file that says it; its relative paths start here. */
  readonly dir: string;
  /** `imports` of a `deno.json`, and dependencies of a `package.json` as `npm:` specifiers. */
  readonly imports: ReadonlyMap<string, string>;
  /** Versions that `deno.lock` holds, by the package's name. */
  readonly locked: ReadonlyMap<string, readonly string[]>;
}

/**
 * Finds the configuration nearest to a handler, from its folder upwards.
 *
 * @throws {ArchiveError} `input_invalid` if a file of it is not JSON.
 */
export async function readProject(handlerDir: string): Promise<Project> {
  for (let dir = handlerDir;; dir = dirname(dir)) {
    const deno = await readJson(join(dir, "deno.json")) ?? await readJson(join(dir, "deno.jsonc"));
    const node = await readJson(join(dir, "package.json"));
    if (deno !== undefined || node !== undefined) {
      const lock = await readJson(join(dir, "deno.lock"));
      return {
        dir,
        imports: new Map([
          ...textEntries(node?.dependencies).map(([name, range]) =>
            [name, range.startsWith("npm:") ? range : `npm:${name}@${range}`] as const
          ),
          ...textEntries(deno?.imports),
        ]),
        locked: listLocked(lock?.npm),
      };
    }
    if (dirname(dir) === dir) return { dir: handlerDir, imports: new Map(), locked: new Map() };
  }
}

/** A specifier after the import map: itself where the map says nothing. */
export function mapSpecifier(specifier: string, { imports, dir }: Project): string {
  let target = imports.get(specifier);
  if (target === undefined) {
    const prefix = [...imports.keys()]
      .filter((key) => specifier.startsWith(key.endsWith("/") ? key : `${key}/`))
      .reduce((longest, key) => key.length > longest.length ? key : longest, "");
    if (prefix === "") return specifier;
    target = imports.get(prefix)! + specifier.slice(prefix.length);
  }
  return /^\.{1,2}\//.test(target) ? join(dir, target) : target;
}

/** Its keys are `name@version`, for a package with peers `name@version_peer@version`. */
function listLocked(value: unknown): ReadonlyMap<string, readonly string[]> {
  const locked = new Map<string, string[]>();
  for (const key of Object.keys(value ?? {})) {
    const [, name, version] = /^(@?[^@]+)@([^_]+)/.exec(key) ?? [];
    if (name !== undefined) locked.set(name, [...locked.get(name) ?? [], version!]);
  }
  return locked;
}

/**
 * The JSON value of a file, comments allowed; `undefined` where there is none that can be read as an object.
 *
 * @throws {ArchiveError} `input_invalid` if it is not JSON.
 */
async function readJson(path: string): Promise<Record<string, unknown> | undefined> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    // Folders above the handler's may be kept from this process: what they say is not for it.
    if (isNotFound(error) || error instanceof Deno.errors.NotCapable) return undefined;
    throw error;
  }
  const value = parseJson(text, path);
  return typeof value === "object" && value !== null ? value as Record<string, unknown> : undefined;
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON5.parse(text);
  } catch (cause) {
    const reason = (cause as Error).message.replace(/^JSON5: /, "");
    throw new ArchiveError(
      "input_invalid",
      `Cannot read "${path}", which says what a handler's imports mean: it must be JSON, found ${reason}`,
      { cause },
    );
  }
}

function textEntries(value: unknown): [string, string][] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).filter((row): row is [string, string] => typeof row[1] === "string");
}
