import { deepStrictEqual, rejects, strictEqual, throws } from "node:assert/strict";
import { dirname, join } from "node:path";
import { measurePackages, toContentsText } from "../../scripts/compile/contents.ts";
import { isForeign, listLeftOut } from "../../scripts/compile/left_out.ts";
import { type NpmPackage, splitPackages } from "../../scripts/compile/npm_packages.ts";
import { listPackedSources } from "../../scripts/compile/packed_sources.ts";
import { findTarget, TARGETS, toBinaryName } from "../../scripts/compile/targets.ts";

const LINUX_X64 = findTarget("linux-x64");
const WINDOWS_X64 = findTarget("windows-x64");

function createPackage(name: string, dependencies: readonly string[] = []): NpmPackage {
  return { name, version: "1.0.0", dependencies };
}

/** A folder of packages in the cache's form, with files of the given sizes. */
async function createCache(
  files: Readonly<Record<string, number>>,
): Promise<AsyncDisposable & { dir: string }> {
  const dir = await Deno.makeTempDir();
  for (const [path, sizeBytes] of Object.entries(files)) {
    const file = join(dir, "registry.npmjs.org", path);
    await Deno.mkdir(dirname(file), { recursive: true });
    await Deno.writeFile(file, new Uint8Array(sizeBytes));
  }
  return { dir, [Symbol.asyncDispose]: () => Deno.remove(dir, { recursive: true }) };
}

Deno.test("splitPackages() follows the imports of what is used, and no foreign package", () => {
  const npmPackages = {
    "a@1": createPackage("a", ["b@1", "foreign@1"]),
    "b@1": createPackage("b", ["a@1"]),
    "foreign@1": createPackage("foreign", ["behind@1"]),
    "behind@1": createPackage("behind"),
    "tests@1": createPackage("tests"),
  };
  const { used, unused } = splitPackages(
    { modules: [{}, { npmPackage: "a@1" }], npmPackages },
    ({ name }) => name === "foreign",
  );
  deepStrictEqual(used.map(({ name }) => name), ["a", "b"]);
  deepStrictEqual(unused.map(({ name }) => name), ["behind", "foreign", "tests"]);
});

for (
  const [name, onLinux, onWindows] of [
    ["@img/sharp-linux-x64", false, true],
    ["@img/sharp-libvips-linux-x64", false, true],
    ["@img/sharp-libvips-linuxmusl-x64", true, true],
    ["@img/sharp-linux-arm64", true, true],
    ["@img/sharp-win32-x64", true, false],
    ["@img/sharp-wasm32", true, true],
    ["@img/colour", false, false],
    ["@types/node", true, true],
    ["hono", false, false],
  ] as const
) {
  Deno.test(`isForeign() takes ${name} for linux-x64: ${!onLinux}, for windows-x64: ${!onWindows}`, () => {
    strictEqual(isForeign({ name }, LINUX_X64), onLinux);
    strictEqual(isForeign({ name }, WINDOWS_X64), onWindows);
  });
}

Deno.test("listLeftOut() leaves out onnxruntime's native files of other platforms, and files for people", async () => {
  const root = "onnxruntime-node/1.0.0";
  await using cache = await createCache({
    [`${root}/dist/index.js`]: 1,
    [`${root}/dist/index.js.map`]: 1,
    [`${root}/dist/index.d.ts`]: 1,
    [`${root}/bin/napi-v6/linux/x64/libonnxruntime.so.1`]: 1,
    [`${root}/bin/napi-v6/linux/arm64/libonnxruntime.so.1`]: 1,
    [`${root}/bin/napi-v6/win32/x64/onnxruntime.dll`]: 1,
  });
  const dir = join(cache.dir, "registry.npmjs.org", root);
  const list = async (target: typeof LINUX_X64) =>
    (await listLeftOut(createPackage("onnxruntime-node"), dir, target))
      .map((path) => path.slice(dir.length + 1).replaceAll("\\", "/")).sort();
  const forPeople = ["dist/index.d.ts", "dist/index.js.map"];
  deepStrictEqual(await list(LINUX_X64), [
    "bin/napi-v6/linux/arm64",
    "bin/napi-v6/win32",
    ...forPeople,
  ]);
  deepStrictEqual(await list(WINDOWS_X64), ["bin/napi-v6/linux", ...forPeople]);
});

Deno.test("listPackedSources() takes the libraries and the bundler of what is left, not the addons", async () => {
  await using cache = await createCache({
    "onnxruntime-node/1.0.0/bin/linux/libonnxruntime.so.1": 1,
    "onnxruntime-node/1.0.0/bin/linux/binding.node": 1,
    "onnxruntime-node/1.0.0/bin/win32/onnxruntime.dll": 1,
    "onnxruntime-node/1.0.0/bin/darwin/libonnxruntime.1.dylib": 1,
    "onnxruntime-node/1.0.0/dist/so.js": 1,
    "esbuild-wasm/1.0.0/esbuild.wasm": 1,
    "unused/1.0.0/lib.so": 1,
  });
  const root = join(cache.dir, "registry.npmjs.org");
  const sources = await listPackedSources(
    ["onnxruntime-node", "esbuild-wasm"].map((name) => createPackage(name)),
    cache.dir,
    new Set([join(root, "onnxruntime-node/1.0.0/bin/win32")]),
  );
  deepStrictEqual(
    new Map([...sources].sort()),
    new Map([
      ["esbuild.wasm", join(root, "esbuild-wasm/1.0.0/esbuild.wasm")],
      ...["bin/darwin/libonnxruntime.1.dylib", "bin/linux/libonnxruntime.so.1"].map((file) => {
        const path = `onnxruntime-node/1.0.0/${file}`;
        return [path, join(root, path)] as const;
      }),
    ]),
  );
});

Deno.test("toContentsText() tells where the size of a binary comes from", async () => {
  await using cache = await createCache({
    "large/1.0.0/a.js": 1_500_000,
    "large/1.0.0/left/b.js": 9_000_000,
    "small/1.0.0/a.js": 200_000,
  });
  const leftOut = new Set([join(cache.dir, "registry.npmjs.org/large/1.0.0/left")]);
  const packages = ["small", "large"].map((name) => createPackage(name));
  strictEqual(
    toContentsText(4_000_000, await measurePackages(packages, cache.dir, leftOut)),
    "      2.3 MB  runtime and program\n" +
      "      1.5 MB  large 1.0.0\n" +
      "      0.2 MB  1 others of less than 1 MB\n",
  );
});

Deno.test("findTarget() knows this machine and the four of a release, and names them for any other", () => {
  deepStrictEqual(TARGETS.map(toBinaryName), [
    "marina-linux-x64",
    "marina-linux-arm64",
    "marina-macos-arm64",
    "marina-windows-x64.exe",
  ]);
  throws(
    () => findTarget("solaris"),
    /Cannot compile for "solaris": a target must be one of linux-x64, linux-arm64, macos-arm64, windows-x64$/,
  );
});

Deno.test("compile ends with code 1 and names compiler and base when the base is missing", async () => {
  const output = await Deno.makeTempDir();
  try {
    const { code, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", join(Deno.cwd(), "scripts/compile/main.ts"), "--output-dir", "."],
      cwd: output,
      env: { DENORT_BIN: "no-base", NO_COLOR: "1" },
      stderr: "null",
    }).output();
    strictEqual(code, 1);
    const text = new TextDecoder().decode(stdout);
    strictEqual(text.includes(`the base executable "${join(output, "no-base")}"`), true, text);
    await rejects(
      Deno.stat(join(output, toBinaryName(findTarget(undefined)))),
      Deno.errors.NotFound,
    );
  } finally {
    await Deno.remove(output, { recursive: true });
  }
});
