import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { ENGINE_FLAG } from "../../server/own_flags.ts";
import type { ModuleGraph } from "./npm_packages.ts";
import type { Target } from "./targets.ts";

/** The folder that is compiled. */
export const SOURCE_DIR = fileURLToPath(new URL("../../", import.meta.url));

/** The program's first module, and those of its threads, which no import names. */
export const ENTRY_MODULES: readonly string[] = [
  "main.ts",
  "server/scheduling/worker/main.ts",
  "archiver/bundling/bundle_thread.ts",
].map((path) => join(SOURCE_DIR, path));

/** The compiler's own threads need more than they get for a program of this size. */
const COMPILER_STACK_BYTES = 256 * 2 ** 20;

/** The Deno that compiles: base executable and compiler must be of one version. */
export function findCompiler(): string {
  return Deno.env.get("MARINA_DENO_CLI") || Deno.execPath();
}

/** The variables that name a base executable: for a target, and for that of this machine. */
export function listBaseVariables({ name, triple }: Target): readonly string[] {
  const own = `DENORT_BIN_${name.replaceAll("-", "_").toUpperCase()}`;
  return triple === Deno.build.target ? [own, "DENORT_BIN"] : [own];
}

/** The base executable for a target; `undefined` where the compiler has to download one. */
export function findBase(target: Target): string | undefined {
  const base = listBaseVariables(target).map((name) => Deno.env.get(name)).find(Boolean);
  // The compiler has a working folder of its own.
  return base && resolve(base);
}

/** Fetches what the lock file names for a platform that is not this one. */
export async function fetchPackages(platform: string, arch: string): Promise<void> {
  // The cache is the same; an older compiler has no such flags.
  await runDeno(Deno.execPath(), ["install", "--frozen", "--os", platform, "--arch", arch]);
}

/** Where the compiler keeps npm's packages. */
export async function readNpmCacheDir(): Promise<string> {
  return (JSON.parse(await runCompiler(["info", "--json"])) as { readonly npmCache: string })
    .npmCache;
}

/** The version of the runtime that goes into an executable. */
export async function readRuntimeVersion(): Promise<string> {
  return (JSON.parse(await runCompiler(["eval", "console.log(JSON.stringify(Deno.version))"])) as {
    readonly deno: string;
  }).deno;
}

/** All modules and packages that some modules need. */
export async function readModuleGraph(roots: readonly string[]): Promise<ModuleGraph> {
  const parts: ModuleGraph[] = [];
  for (const root of roots) {
    parts.push(JSON.parse(await runCompiler(["info", "--json", root])) as ModuleGraph);
  }
  return {
    modules: parts.flatMap(({ modules }) => modules),
    npmPackages: Object.assign({}, ...parts.map(({ npmPackages }) => npmPackages)),
  };
}

/** What {@linkcode compile} needs. */
export interface CompileOptions {
  readonly triple: string;
  /** The program's first module, then those of its threads. */
  readonly entries: readonly string[];
  /** The base executable; one that the compiler downloads unless given. */
  readonly base: string | undefined;
  /** A folder that goes in as it is. */
  readonly include: string;
  /** Absolute paths. */
  readonly exclude: readonly string[];
  readonly output: string;
}

export async function compile(
  { triple, entries: [first, ...others], base, include, exclude, output }: CompileOptions,
): Promise<void> {
  await runCompiler([
    "compile",
    "--quiet",
    // Types are the check task's.
    "--no-check",
    "--frozen",
    "--allow-all",
    "--no-prompt",
    "--cached-only",
    ENGINE_FLAG,
    "--target",
    triple,
    // The runtime would trust a cache in the system's temporary folder, where everyone can put one.
    "--no-code-cache",
    ...[...others, include].flatMap((path) => ["--include", path]),
    ...exclude.flatMap((path) => ["--exclude", path]),
    "--output",
    output,
    first!,
  ], base);
}

function runCompiler(args: readonly string[], base?: string): Promise<string> {
  return runDeno(findCompiler(), args, base);
}

async function runDeno(program: string, args: readonly string[], base?: string): Promise<string> {
  // The variable would give every target the same base.
  const { DENORT_BIN: _, ...environment } = Deno.env.toObject();
  const { success, code, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    cwd: SOURCE_DIR,
    clearEnv: true,
    env: {
      ...environment,
      ...(base === undefined ? {} : { DENORT_BIN: base }),
      RUST_MIN_STACK: String(COMPILER_STACK_BYTES),
      DENO_NO_UPDATE_CHECK: "1",
      NO_COLOR: "1",
    },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  if (success) return decoder.decode(stdout);
  throw new Error(
    `Cannot ${args[0]} with "${program}": it ended with code ${code}\n${
      decoder.decode(stderr).trim()
    }`,
  );
}
