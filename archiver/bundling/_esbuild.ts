import type * as Esbuild from "esbuild-wasm";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { readPackedFile, resolvePackedDir } from "../packed_files.ts";
import { isCompiled } from "./_deno_cli.ts";

export type {
  Loader,
  Message,
  OnLoadResult,
  OnResolveArgs,
  OnResolveResult,
  PluginBuild,
} from "esbuild-wasm";

const PROGRAM_NAME = "esbuild.wasm";

let loading: Promise<typeof Esbuild> | undefined;

/**
 * The bundler, compiled once a process when it is first asked for: about a second, and 200 MB of memory
 * that stay. Everything else starts without it.
 *
 * Its WebAssembly form runs wherever the program runs, a compiled executable included, has no file system
 * of its own and starts no process.
 */
export function loadEsbuild(): Promise<typeof Esbuild> {
  return loading ??= startEsbuild();
}

async function startEsbuild(): Promise<typeof Esbuild> {
  const esbuild = await import("esbuild-wasm/esm/browser.js") as typeof Esbuild;
  const wasmModule = await WebAssembly.compile(await readProgram());
  await esbuild.initialize({ wasmModule, worker: false });
  return esbuild;
}

/** The folder that the bundler is read from, which a thread needs permission for. */
export function resolveBundlerDir(): string {
  return isCompiled() ? resolvePackedDir() : dirname(resolveProgram());
}

async function readProgram(): Promise<Uint8Array<ArrayBuffer>> {
  if (isCompiled()) return await readPackedFile(resolvePackedDir(), PROGRAM_NAME);
  return await Deno.readFile(resolveProgram());
}

function resolveProgram(): string {
  return fileURLToPath(import.meta.resolve("esbuild-wasm/esbuild.wasm"));
}
