/** The folder that holds the npm packages of this program: npm's cache, or a `node_modules` folder. */
export function resolvePackagesDir(): string {
  const runtime = new URL(import.meta.resolve("onnxruntime-node"));
  const path = decodeURIComponent(runtime.pathname);
  const end = path.lastIndexOf("/onnxruntime-node/");
  const dir = path.slice(0, end);
  return Deno.build.os === "windows" ? dir.replace(/^\//, "").replaceAll("/", "\\") : dir;
}
