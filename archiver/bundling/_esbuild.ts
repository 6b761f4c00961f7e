import type * as Esbuild from "esbuild-wasm";
import { fileURLToPath } from "node:url";

export type { Loader, Message, OnLoadResult, OnResolveArgs, OnResolveResult } from "esbuild-wasm";

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
  const path = fileURLToPath(import.meta.resolve("esbuild-wasm/esbuild.wasm"));
  const wasmModule = await WebAssembly.compile(await Deno.readFile(path));
  await esbuild.initialize({ wasmModule, worker: false });
  return esbuild;
}
