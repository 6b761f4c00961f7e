import { join } from "node:path";

/** What one run of the command line left. */
export interface DenoOutcome {
  readonly code: number;
  readonly stdout: string;
  /** Without colours. */
  readonly stderr: string;
}

/** True in an executable made by `deno compile`, which is no command line. */
export function isCompiled(): boolean {
  return Deno.build.standalone;
}

/**
 * Runs the Deno command line: the program that runs this, or in a compiled executable the `deno` on the path.
 *
 * @returns Undefined where there is none.
 */
export async function runDeno(
  args: readonly string[],
  cwd?: string,
): Promise<DenoOutcome | undefined> {
  const command = new Deno.Command(isCompiled() ? "deno" : Deno.execPath(), {
    args: [...args],
    stdin: "null",
    env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
    ...(cwd === undefined ? {} : { cwd }),
  });
  try {
    const { code, stdout, stderr } = await command.output();
    const decoder = new TextDecoder();
    return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

let cacheDirs: Promise<string[]> | undefined;

/** The folders of Deno's npm cache, one a registry; none where Deno is not installed. */
export function listNpmCaches(): Promise<string[]> {
  return cacheDirs ??= readNpmCaches();
}

async function readNpmCaches(): Promise<string[]> {
  const outcome = await runDeno(["info", "--json"]);
  if (outcome === undefined || outcome.code !== 0) return [];
  const npmCache = parseNpmCache(outcome.stdout);
  if (npmCache === undefined) return [];
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(npmCache)) names.push(name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  // The public registry goes first: a cache may hold the same name from others.
  const isPublic = (name: string) => name === "registry.npmjs.org" ? 0 : 1;
  return names.sort((a, b) => isPublic(a) - isPublic(b) || (a < b ? -1 : 1))
    .map((name) => join(npmCache, name));
}

/** `undefined` where another program has the name. */
function parseNpmCache(text: string): string | undefined {
  try {
    return (JSON.parse(text) as { readonly npmCache?: string }).npmCache;
  } catch {
    return undefined;
  }
}

/** Forgets the folders: a package that was fetched may have made the first. */
export function forgetNpmCaches(): void {
  cacheDirs = undefined;
}
