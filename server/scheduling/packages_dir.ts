/**
 * The folder that holds the npm packages of this program: npm's cache, or a `node_modules` folder.
 *
 * @throws {Error} If the runtime does not know where its packages are.
 */
export function resolvePackagesDir(): string {
  const runtime = new URL(import.meta.resolve("onnxruntime-node"));
  if (runtime.protocol !== "file:") {
    throw new Error(
      `Cannot find the folder of onnxruntime-node: expected a file, found ${runtime}`,
    );
  }
  const path = decodeURIComponent(runtime.pathname);
  const end = path.lastIndexOf("/onnxruntime-node/");
  const dir = path.slice(0, end);
  return Deno.build.os === "windows" ? dir.replace(/^\//, "").replaceAll("/", "\\") : dir;
}

/**
 * Never called. A program that was started from a URL, without its `deno.json`, knows the place of a package
 * only once a module that imports it belongs to the server's own graph: so this names the worker's.
 */
export function loadRuntimeModule(): Promise<unknown> {
  return import("./worker/onnx_session.ts");
}
