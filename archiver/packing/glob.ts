import { basename, dirname, join } from "node:path";

/** True where Python's archiver takes a path for a pattern. */
export function hasWildcard(path: string): boolean {
  return path.includes("*") || path.includes("?") || (path.includes("[") && path.includes("]"));
}

/**
 * Lists what a pattern matches, as Python's `glob.glob` does: `**` is `*`, names that start
 * with a dot only match a pattern that does, `[!a]` excludes. Sorted, unlike Python's.
 */
export async function listGlobMatches(pattern: string): Promise<string[]> {
  const parent = dirname(pattern);
  const last = basename(pattern);
  const endsWithSlash = /[^/]\/$/.test(pattern);
  const parents = hasWildcard(parent) ? await listGlobMatches(parent) : [parent];
  const matches: string[] = [];
  for (const folder of parents) {
    const names = hasWildcard(last) ? await listMatchingNames(folder, last) : [last];
    for (const name of names) {
      const path = join(folder, name);
      const found = await Deno.lstat(path).catch(() => undefined);
      if (!found || (endsWithSlash && !(await isFolder(path)))) continue;
      matches.push(path);
    }
  }
  return matches.sort();
}

async function listMatchingNames(folder: string, pattern: string): Promise<string[]> {
  const regexp = toNameRegExp(pattern);
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(folder)) {
      if (name.startsWith(".") === pattern.startsWith(".") && regexp.test(name)) names.push(name);
    }
  } catch {
    // Not a folder, or not ours to read: nothing matches there, as in Python.
  }
  return names;
}

async function isFolder(path: string): Promise<boolean> {
  return (await Deno.stat(path).catch(() => undefined))?.isDirectory ?? false;
}

/** Python's `fnmatch.translate` for one name. */
function toNameRegExp(pattern: string): RegExp {
  let source = "";
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern[i]!;
    if (char === "*") {
      source += "[^]*";
    } else if (char === "?") {
      source += "[^]";
    } else if (char === "[") {
      // A "]" right after "[" or "[!" belongs to the set.
      const end = pattern.indexOf("]", i + (pattern[i + 1] === "!" ? 3 : 2));
      source += end < 0 ? "\\[" : toSetSource(pattern.slice(i + 1, end));
      if (end > 0) i = end;
    } else {
      source += escapeRegExp(char);
    }
  }
  return new RegExp(`^${source}$`, "u");
}

function toSetSource(set: string): string {
  const isNegated = set.startsWith("!");
  const members = (isNegated ? set.slice(1) : set).replace(/[\\\]\[^]/g, "\\$&");
  // A range that ends before it starts is empty in Python and an error in a RegExp.
  const sound = members.replace(
    /(\\?.)-(\\?.)/gu,
    (range, from, to) => from.at(-1)! <= to.at(-1)! ? range : "",
  );
  if (sound === "") return isNegated ? "[^]" : "[]";
  return `[${isNegated ? "^" : ""}${sound}]`;
}

function escapeRegExp(char: string): string {
  return /[\\^$.*+?()[\]{}|/]/.test(char) ? `\\${char}` : char;
}
