/**
 * Makes a few large modules of the program's many small ones, so that it starts in half of the time: the
 * runtime looks for, reads and links each module on its own.
 */
import { basename, dirname, join, relative } from "node:path";
import {
  createPackingResolver,
  FILE_SPACE,
  loadEsbuild,
  SourceModules,
} from "../../archiver/mod.ts";

/** Packages that open files of their own at run time stay as they are, and are found as before. */
const KEPT_PACKAGES = ["esbuild-wasm", "onnxruntime-node", "sharp", "swagger-ui-dist"] as const;

/** A module that is loaded by its place: what starts a thread names it so. */
const PLACE_REGEXP = /\bnew URL\("([^"]+\.ts)", import\.meta\.url\)/g;

/** What {@linkcode bundleProgram} needs; all paths are absolute. */
export interface BundleProgramOptions {
  /** The folder with `deno.json`, whose import map says what bare specifiers mean. */
  readonly sourceDir: string;
  /** The modules that are started: the program's first and those of its threads. No two may have one name. */
  readonly entries: readonly string[];
  /** Emptied first. */
  readonly outputDir: string;
}

/**
 * Writes the program as modules of JavaScript, npm's packages among them but those with files of their own.
 *
 * All lie in one folder, so that `import.meta.url` of every one of them leads to the same places.
 *
 * @returns The path of each entry's module, in the order of the entries.
 * @throws {Error} If a module cannot be found or read, or a thread's module is no entry.
 */
export async function bundleProgram(
  { sourceDir, entries, outputDir }: BundleProgramOptions,
): Promise<string[]> {
  const esbuild = await loadEsbuild();
  const resolver = await createPackingResolver(sourceDir, () => undefined);
  const modules = new SourceModules(resolver, sourceDir);
  const nameByEntry = new Map(entries.map((path) => [path, toEntryName(path, sourceDir)]));

  const built = await esbuild.build({
    entryPoints: entries.map((path) => ({ in: path, out: nameByEntry.get(path)! })),
    outdir: "/",
    chunkNames: "part-[hash]",
    bundle: true,
    splitting: true,
    write: false,
    format: "esm",
    platform: "neutral",
    target: "esnext",
    charset: "utf8",
    // Names stay: they stand in the log's traces.
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "inline",
    logLevel: "silent",
    define: { "process.env.NODE_ENV": '"production"' },
    tsconfigRaw: { compilerOptions: {} },
    plugins: [{
      name: "program",
      setup(build) {
        build.onResolve({ filter: /.*/ }, async (args) => {
          const { path: specifier, kind } = args;
          if (kind === "entry-point") return modules.place({ path: specifier });
          if (isKept(specifier)) return { path: specifier, external: true };
          const found = await modules.resolve(args);
          return "fault" in found
            ? { errors: [{ text: `"${specifier}": ${found.fault}` }] }
            : found;
        });
        SourceModules.addBuiltins(build);
        build.onLoad({ filter: /.*/, namespace: FILE_SPACE }, async ({ path: name }) => {
          const { path, package: owner } = modules.get(name)!;
          if (path.endsWith(".json")) {
            return { contents: await Deno.readFile(path), loader: "json" };
          }
          if (owner) return { contents: await Deno.readFile(path), loader: "js" };
          const text = await Deno.readTextFile(path);
          return { contents: fixPlaces(text, path, outputDir, nameByEntry), loader: "ts" };
        });
      },
    }],
  }).catch((error: { readonly errors?: readonly { readonly text: string }[] }) => {
    const reasons = error.errors?.map(({ text }) => text).join("; ");
    throw new Error(`Cannot bundle the program: ${reasons ?? error}`);
  });

  await Deno.remove(outputDir, { recursive: true }).catch(() => {});
  await Deno.mkdir(outputDir, { recursive: true });
  for (const { path, contents } of built.outputFiles!) {
    await Deno.writeFile(join(outputDir, basename(path)), contents);
  }
  return entries.map((path) => join(outputDir, `${nameByEntry.get(path)}.js`));
}

function isKept(specifier: string): boolean {
  return KEPT_PACKAGES.some((name) => specifier === name || specifier.startsWith(`${name}/`));
}

/** `server/scheduling/worker/main.ts` → `server-scheduling-worker-main`. */
function toEntryName(path: string, sourceDir: string): string {
  return relative(sourceDir, path).replace(/\.ts$/, "").replaceAll(/[\\/]/g, "-");
}

/** Gives a module of the program the places it had before it was moved to the output's folder. */
function fixPlaces(
  text: string,
  path: string,
  outputDir: string,
  nameByEntry: ReadonlyMap<string, string>,
): string {
  const placed = text.replaceAll(PLACE_REGEXP, (_, specifier: string) => {
    const name = nameByEntry.get(join(dirname(path), specifier));
    if (name === undefined) {
      throw new Error(`"${path}" loads "${specifier}" by its place: it must be an entry`);
    }
    return `new URL("./${name}.js", import.meta["url"])`;
  });
  const own = JSON.stringify(relative(outputDir, path).replaceAll("\\", "/"));
  return placed.replaceAll(/\bimport\.meta\.url\b/g, `new URL(${own}, import.meta["url"]).href`)
    .replaceAll('import.meta["url"]', "import.meta.url");
}
