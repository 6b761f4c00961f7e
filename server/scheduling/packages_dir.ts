import process from "node:process";

/**
 * The folder that holds the npm packages of this program: npm's cache, or a `node_modules` folder.
 *
 * @throws {Error} If the runtime does not know where its packages are.
 */
export function resolvePackagesDir(): string {
  const { path, end } = locateRuntime();
  const dir = path.slice(0, end);
  return Deno.build.os === "windows" ? dir.replace(/^\//, "").replaceAll("/", "\\") : dir;
}

/**
 * Where ONNX Runtime's own libraries for this machine are, below the folder of packages: with `/` between
 * folders, the package's version among them where npm's cache is that folder.
 *
 * @throws {Error} If the runtime does not know where its packages are.
 */
export function resolveRuntimePlace(): string {
  const { path, end } = locateRuntime();
  const packagePlace = path.slice(end + 1, path.lastIndexOf("/dist/"));
  return `${packagePlace}/bin/napi-v6/${process.platform}/${process.arch}`;
}

function locateRuntime(): { readonly path: string; readonly end: number } {
  const runtime = new URL(import.meta.resolve("onnxruntime-node"));
  if (runtime.protocol !== "file:") {
    throw new Error(
      `Cannot find the folder of onnxruntime-node: expected a file, found ${runtime}`,
    );
  }
  const path = decodeURIComponent(runtime.pathname);
  return { path, end: path.lastIndexOf("/onnxruntime-node/") };
}

/**
 * Never called. A program that was started from a URL, without its `deno.json`, knows the place of a package
 * only once a module that imports it belongs to the server's own graph: so this names the worker's.
 */
export function loadRuntimeModule(): Promise<unknown> {
  return import("./worker/onnx_session.ts");
}
