import { dirname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { emptyFolder } from "../empty_folder.ts";
import { type GraphModule, readModuleGraph } from "./module_graph.ts";
import {
  isBareSpecifier,
  listUrlModules,
  rewriteImports,
  rewriteResolveCalls,
} from "./rewrite_source.ts";

/** The specifier of the program's own handler API: a module beside the others, no package. */
const OWN_SPECIFIER = "marina";

/** What a `deno.json` of the published form says; its other keys are for people who build. */
const PUBLISHED_KEYS = ["name", "version", "license", "exports", "imports", "unstable"] as const;

/** What a published form holds beside the modules, or held when its making was interrupted. */
const OTHER_NAMES = ["LICENSE", "marina.lock", "all.ts"];

const MAX_PASSES = 20;

/** The keys of a `deno.json` that matter here. */
interface Config extends Partial<Record<typeof PUBLISHED_KEYS[number], unknown>> {
  readonly imports: Readonly<Record<string, string>>;
}

export interface PublishOptions {
  /** The folder with `main.ts` and `deno.json`. */
  readonly sourceDir: string;
  /** A form that was published there before is removed. */
  readonly outputDir: string;
}

/**
 * Copies the program's modules so that they resolve by themselves, wherever they are served from: each bare
 * specifier becomes what the import map says of it.
 *
 * Modules keep their names, and their lines are those of the sources, so that stack traces are, too. The
 * runtime has proven before this returns that every import of the copy leads somewhere without an import map.
 *
 * @returns The copied files, relative to `outputDir`, sorted; `/` between folders.
 * @throws {Error} If an import leads nowhere, or to a file outside `sourceDir`, or the output's folder holds
 * anything else.
 */
export async function publishSources({ sourceDir, outputDir }: PublishOptions): Promise<string[]> {
  const config = JSON.parse(await Deno.readTextFile(join(sourceDir, "deno.json"))) as Config;
  const { paths, threads } = await listModules(sourceDir, join(sourceDir, "deno.json"));
  const names = new Set([...paths.map((path) => path.split("/")[0]!), ...OTHER_NAMES]);
  await emptyFolder(outputDir, (name) => names.has(name));
  for (const path of paths) {
    const text = await Deno.readTextFile(join(sourceDir, path));
    const to = join(outputDir, path);
    await Deno.mkdir(dirname(to), { recursive: true });
    await Deno.writeTextFile(to, toPublished(path, text, config));
  }
  await Deno.writeTextFile(join(outputDir, "main.ts"), toThreadImports(threads), { append: true });
  await resolveBareImports(outputDir, paths.filter((path) => path.endsWith(".ts")), config);
  await Deno.copyFile(join(sourceDir, "LICENSE"), join(outputDir, "LICENSE"));
  return [...paths, "LICENSE"].sort();
}

function toPublished(path: string, text: string, config: Config): string {
  if (path === "deno.json") {
    const published = Object.fromEntries(PUBLISHED_KEYS.map((key) => [key, config[key]]));
    return `${JSON.stringify(published, null, 2)}\n`;
  }
  // Whoever asks for the own name asks whether the host knows it.
  return rewriteResolveCalls(
    text,
    (specifier) => specifier === OWN_SPECIFIER ? undefined : toTarget(specifier, path, config),
  );
}

/** Never called: by it the runtime knows all modules from the first start, and fetches them then. */
function toThreadImports(threads: readonly string[]): string {
  const imports = threads.map((path) => `  import("./${path}");\n`).join("");
  return `\n/** Never called: names what is loaded by its place. */\nexport function nameThreads(): void {\n${imports}}\n`;
}

/** Finds every module: what the entry imports, and what is loaded by its place as a thread of its own. */
async function listModules(
  sourceDir: string,
  importMap: string,
): Promise<{ readonly paths: readonly string[]; readonly threads: readonly string[] }> {
  const paths = new Set<string>();
  const threads = new Set<string>();
  const roots = ["main.ts"];
  for (let root = roots.pop(); root !== undefined; root = roots.pop()) {
    if (paths.has(root)) continue;
    const { modules } = await readModuleGraph(join(sourceDir, root), importMap);
    for (const { local } of modules.map(assertLoaded)) {
      const path = toPath(local, sourceDir);
      if (path === undefined || paths.has(path)) continue;
      paths.add(path);
      if (!path.endsWith(".ts")) continue;
      const text = await Deno.readTextFile(join(sourceDir, path));
      for (const module of listUrlModules(text)) {
        const thread = join(dirname(path), module).replaceAll("\\", "/");
        threads.add(thread);
        roots.push(thread);
      }
    }
  }
  return { paths: [...paths].sort(), threads: [...threads].sort() };
}

/** Replaces bare specifiers until the runtime, without an import map, finds none. */
async function resolveBareImports(dir: string, paths: readonly string[], config: Config) {
  const all = join(dir, "all.ts");
  await Deno.writeTextFile(all, paths.map((path) => `import "./${path}";\n`).join(""));
  try {
    for (let pass = 0; pass < MAX_PASSES; pass++) {
      const { modules } = await readModuleGraph(all);
      const bare = modules.filter(hasBareImport);
      if (bare.length === 0) {
        modules.forEach(assertLoaded);
        return;
      }
      for (const { local, dependencies } of bare) {
        const text = await Deno.readTextFile(local!);
        const path = toPath(local, dir)!;
        const target = (specifier: string) => toTarget(specifier, path, config);
        await Deno.writeTextFile(local!, rewriteImports(text, dependencies!, target));
      }
    }
    throw new Error(`Cannot publish: bare specifiers are left after ${MAX_PASSES} passes`);
  } finally {
    await Deno.remove(all);
  }
}

function hasBareImport({ dependencies = [] }: GraphModule): boolean {
  return dependencies.some(({ specifier, code, type }) =>
    isBareSpecifier(specifier) ||
    [code, type].some((found) => found !== undefined && found.specifier === undefined)
  );
}

/** @param path Of the module that holds the specifier. */
function toTarget(specifier: string, path: string, { imports }: Config): string {
  if (specifier === OWN_SPECIFIER) {
    const target = relative(dirname(path), imports[OWN_SPECIFIER]!).replaceAll("\\", "/");
    return target.startsWith(".") ? target : `./${target}`;
  }
  const name = Object.keys(imports).find((key) =>
    specifier === key || specifier.startsWith(`${key}/`)
  );
  if (name === undefined) {
    throw new Error(
      `Cannot publish "${path}": it imports "${specifier}", which deno.json does not name`,
    );
  }
  return imports[name]! + specifier.slice(name.length);
}

/** Relative to `dir`, with `/`; undefined for what is no file of the program. */
function toPath(local: string | undefined, dir: string): string | undefined {
  if (local === undefined) return undefined;
  const root = pathToFileURL(join(dir, "/")).href;
  const url = pathToFileURL(local).href;
  return url.startsWith(root) ? decodeURIComponent(url.slice(root.length)) : undefined;
}

function assertLoaded(module: GraphModule): GraphModule {
  if (module.error === undefined) return module;
  throw new Error(`Cannot publish "${module.specifier}": ${module.error}`);
}
