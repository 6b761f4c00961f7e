/** What the runtime itself says of a program's modules: no parser of our own has to know TypeScript. */

/** Where a specifier stands, its quotes included; lines and characters from 0. */
export interface Span {
  readonly start: { readonly line: number; readonly character: number };
  readonly end: { readonly line: number; readonly character: number };
}

/** Where one import leads; `specifier` is absent if the runtime does not know. */
export interface Resolved {
  readonly specifier?: string;
  readonly span: Span;
}

/** All that a module imports under one specifier; only the first place of each kind is told. */
export interface Dependency {
  readonly specifier: string;
  readonly code?: Resolved;
  readonly type?: Resolved;
}

export interface GraphModule {
  /** A URL. */
  readonly specifier: string;
  readonly local?: string;
  readonly dependencies?: readonly Dependency[];
  /** Why it cannot be loaded. */
  readonly error?: string;
}

export interface ModuleGraph {
  readonly modules: readonly GraphModule[];
}

/**
 * Reads the graph of a program with `deno info`.
 *
 * @param root A path; configuration files beside it are not looked at.
 * @param importMap A path; without one, bare specifiers lead nowhere.
 * @throws {Error} If the runtime cannot read the program at all.
 */
export async function readModuleGraph(root: string, importMap?: string): Promise<ModuleGraph> {
  const mapped = importMap === undefined ? [] : ["--import-map", importMap];
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "--no-config", "--no-lock", ...mapped, root],
    env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  if (!success) {
    throw new Error(`Cannot read the modules of "${root}": ${decoder.decode(stderr).trim()}`);
  }
  return JSON.parse(decoder.decode(stdout)) as ModuleGraph;
}
