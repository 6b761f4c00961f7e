/**
 * Proves that imports point the way CONTRIBUTING.md draws them: `deno task check` runs it.
 *
 * Product files are held to every rule; tests may also import the private files of the folder they
 * mirror; scripts and examples may use any folder's door.
 */
import { readdir, readFile } from "node:fs/promises";
import { dirname, join, normalize } from "node:path/posix";
import {
  type Area,
  areaOf,
  COMMAND_FILES,
  LEAF_FILES,
  MAY_IMPORT_BY_AREA,
  SIDE_DOORS,
  SINGLE_IMPORTERS,
  SINGLE_PLACES,
} from "./_import_rules.ts";
import { type ImportReference, lineAt, type ScannedSource, scanSource } from "./scan_source.ts";

const SOURCE_FOLDERS = ["archiver", "handlers", "server", "scripts", "tests", "examples"];
const SKIPPED_FOLDERS = new Set(["testdata", "node_modules"]);

/**
 * Reads every source file under `root` and tells each import that breaks a rule.
 *
 * Specifiers computed at run time are not seen.
 *
 * @param root The repository's folder.
 * @returns One sentence a breach, in the order of the files' names; none when all is well.
 */
export async function checkImports(root: string): Promise<string[]> {
  const sources = new Map<string, ScannedSource>();
  for (const path of await listSources(root)) {
    sources.set(path, scanSource(await readFile(join(root, path), "utf8")));
  }
  const areaByPath = toAreas(sources);
  const breaches: string[] = [];
  for (const [path, source] of sources) {
    for (const reference of source.imports) {
      const reason = refuseImport(path, reference.specifier, areaByPath);
      if (reason !== undefined) breaches.push(toImportBreach(path, reference, reason));
    }
  }
  return [...breaches, ...findMisplaced(sources), ...findSecondImporters(sources)];
}

/** Says why one import is refused, or nothing. */
function refuseImport(from: string, specifier: string, areaByPath: Areas): string | undefined {
  if (/^(?:jsr|npm|https?):/.test(specifier)) {
    return "a dependency must be named once, in the import map of deno.json";
  }
  if (!specifier.startsWith(".")) {
    return specifier === "marina" && areaOf(from) !== undefined
      ? 'a product file must import by relative path, "marina" is for handler files'
      : undefined;
  }
  const to = toPath(from, specifier);
  if (to.startsWith("..")) return "an import must stay inside the repository";
  return refusePrivate(from, to) ?? refuseArea(from, to, areaByPath);
}

function toPath(from: string, specifier: string): string {
  return normalize(join(dirname(from), specifier));
}

type Areas = ReadonlyMap<string, Area>;

/** The area of each product file; what a leaf of `server/` keeps in a private file is leaf too. */
function toAreas(sources: ReadonlyMap<string, ScannedSource>): Areas {
  const areaByPath = new Map<string, Area>();
  for (const path of sources.keys()) {
    const area = areaOf(path);
    if (area !== undefined) areaByPath.set(path, area);
  }
  const pending = LEAF_FILES.filter((path) => sources.has(path));
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    for (const { specifier } of sources.get(path)!.imports) {
      const to = toPath(path, specifier);
      if (/^server\/_[^/]+$/.test(to) && areaByPath.get(to) === "server") {
        areaByPath.set(to, "server/leaf");
        pending.push(to);
      }
    }
  }
  return areaByPath;
}

function refusePrivate(from: string, to: string): string | undefined {
  const isPrivate = to.split("/").at(-1)!.startsWith("_");
  const home = dirname(to);
  const mirrored = from.startsWith("tests/") ? dirname(from).replace(/^tests\/?/, "") : undefined;
  const isAtHome = dirname(from) === home || mirrored === home ||
    (mirrored === "" && home === ".");
  return isPrivate && !isAtHome
    ? `a file with a leading underscore is private to ${home}/`
    : undefined;
}

function refuseArea(from: string, to: string, areaByPath: Areas): string | undefined {
  const [fromArea, toArea] = [areaByPath.get(from), areaByPath.get(to) ?? areaOf(to)];
  if (toArea === undefined) {
    return fromArea !== undefined && /^(?:tests|scripts|examples)\//.test(to)
      ? "a product file must not import tests, scripts or examples"
      : undefined;
  }
  const door = `${toArea}/mod.ts`;
  const isAtDoor = to === door || SIDE_DOORS.includes(to) || LEAF_FILES.includes(to) ||
    dirname(from) === dirname(to);
  const throughDoor = isAtDoor ? undefined : `${toArea}/ is entered through ${door} only`;
  if (fromArea === undefined) return from.startsWith("tests/") ? undefined : throughDoor;
  if (fromArea === toArea) return undefined;
  const allowed = MAY_IMPORT_BY_AREA[fromArea];
  if (!allowed.includes(toArea)) {
    return `${fromArea} may import ${
      allowed.length === 0 ? "nothing of ours" : allowed.join(", ")
    }`;
  }
  return fromArea === "main.ts" && COMMAND_FILES.includes(to) ? undefined : throughDoor;
}

function findMisplaced(sources: ReadonlyMap<string, ScannedSource>): string[] {
  return SINGLE_PLACES.flatMap(({ name, pattern, place, isAllowed }) => {
    const users = [...sources].flatMap(([path, { code }]) => {
      const found = areaOf(path) === undefined ? null : pattern.exec(code);
      return found === null ? [] : [{ path, line: lineAt(code, found.index) }];
    });
    return users.filter(({ path }) => !isAllowed(path))
      .map(({ path, line }) =>
        `Cannot use ${name} in ${path}, line ${line}: its place is ${place}`
      );
  });
}

function findSecondImporters(sources: ReadonlyMap<string, ScannedSource>): string[] {
  return SINGLE_IMPORTERS.flatMap(({ package: name, folder }) => {
    const users = [...sources].flatMap(([path, { imports }]) => {
      const found = imports.find(({ specifier }) => specifier === name);
      return areaOf(path) === undefined || found === undefined ? [] : [{ path, found }];
    });
    const [first] = users.filter(({ path }) => path.startsWith(folder));
    return users.filter((user) => user !== first).map(({ path, found }) =>
      toImportBreach(
        path,
        found,
        `its place is one file in ${folder}${first ? `, which is ${first.path}` : ""}`,
      )
    );
  });
}

function toImportBreach(path: string, reference: ImportReference, reason: string): string {
  return `Cannot import "${reference.specifier}" in ${path}, line ${reference.line}: ${reason}`;
}

/** Paths relative to `root`, with forward slashes, sorted. */
async function listSources(root: string): Promise<string[]> {
  const paths: string[] = [];
  const visit = async (folder: string): Promise<void> => {
    const entries = await readdir(join(root, folder), { withFileTypes: true });
    for (const entry of entries) {
      const path = join(folder, entry.name);
      if (entry.isDirectory() && !SKIPPED_FOLDERS.has(entry.name)) await visit(path);
      if (entry.isFile() && /\.[cm]?[jt]s$/.test(entry.name)) paths.push(path);
    }
  };
  for (const entry of await readdir(root, { withFileTypes: true })) {
    if (entry.isDirectory() && SOURCE_FOLDERS.includes(entry.name)) await visit(entry.name);
    if (entry.isFile() && entry.name.endsWith(".ts")) paths.push(entry.name);
  }
  return paths.sort();
}

if (import.meta.main) {
  const breaches = await checkImports(join(import.meta.dirname!, ".."));
  const text = breaches.length === 0 ? "Checked imports\n" : breaches.join("\n") + "\n";
  await Deno.stderr.write(new TextEncoder().encode(text));
  Deno.exitCode = breaches.length === 0 ? 0 : 1;
}
