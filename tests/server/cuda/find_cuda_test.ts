import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { dirname, join } from "node:path";
import { findCuda, prepareCudaFolder, toCudaHint, toCudaReason } from "../../../server/cuda/mod.ts";
import { buildElf, buildLoaderCache, type ElfParts } from "../../support/elf_builder.ts";

const SHARED = "libonnxruntime_providers_shared.so";
const CUDA = "libonnxruntime_providers_cuda.so";
const isWindows = Deno.build.os === "windows";

/** The needs of onnxruntime-gpu 1.30.0 and of the libraries that NVIDIA's packages bring. */
const LIBRARIES: Readonly<Record<string, ElfParts>> = {
  [`capi/${SHARED}`]: { needed: ["libc.so.6"] },
  [`capi/${CUDA}`]: {
    needed: [
      "libcublasLt.so.13",
      "libcublas.so.13",
      "libcudart.so.13",
      "libcuda.so.1",
      "libc.so.6",
    ],
  },
  "nvidia/cu13/lib/libcublasLt.so.13": { needed: ["libc.so.6"], runPath: "$ORIGIN" },
  "nvidia/cu13/lib/libcublas.so.13": { needed: ["libcublasLt.so.13"], runPath: "$ORIGIN" },
  "nvidia/cu13/lib/libcudart.so.13": {},
  "nvidia/cu13/lib/libcufft.so.12": {},
  "nvidia/cu13/lib/libnvrtc.so.13": {},
  "nvidia/cudnn/lib/libcudnn.so.9": {},
  "nvidia/cudnn/lib/libcudnn_ops.so.9": {},
  "system/libc.so.6": {},
  "driver/libcuda.so.1": {},
};

interface Machine extends AsyncDisposable {
  readonly root: string;
  search(options?: { cudaDirs?: string[]; loaderPath?: string[] }): ReturnType<typeof findCuda>;
}

/** A folder with these libraries, whose `system/` is what the loader knows. */
async function createMachine(left: readonly string[] = []): Promise<Machine> {
  const root = await Deno.makeTempDir({ prefix: "marina-cuda-" });
  for (const [path, parts] of Object.entries(LIBRARIES)) {
    if (left.includes(path)) continue;
    await Deno.mkdir(dirname(join(root, path)), { recursive: true });
    await Deno.writeFile(join(root, path), buildElf(parts));
  }
  const cacheFile = join(root, "ld.so.cache");
  await Deno.writeFile(
    cacheFile,
    buildLoaderCache([["libc.so.6", join(root, "system/libc.so.6")]]),
  );
  return {
    root,
    search: ({ cudaDirs = ["capi", "nvidia"], loaderPath = ["driver"] } = {}) =>
      findCuda({
        folders: cudaDirs.map((dir) => join(root, dir)),
        loaderPath: loaderPath.map((dir) => join(root, dir)),
        machine: 62,
        cacheFile,
        systemDirs: [],
      }),
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
}

Deno.test("findCuda() finds the whole chain in folders below MARINA_CUDA_DIR, each library after those that it needs", async () => {
  await using machine = await createMachine();
  const search = machine.search();
  strictEqual(toCudaReason(search), undefined);
  strictEqual(toCudaHint(search, "1.30.0"), undefined);
  deepStrictEqual(search.providers.map(({ name }) => name), [SHARED, CUDA]);
  const places = search.libraries.map(({ path }) => path.slice(machine.root.length + 1));
  deepStrictEqual(places, [
    "system/libc.so.6",
    "nvidia/cu13/lib/libcublasLt.so.13",
    "nvidia/cu13/lib/libcublas.so.13",
    "nvidia/cu13/lib/libcudart.so.13",
    "driver/libcuda.so.1",
    "nvidia/cudnn/lib/libcudnn.so.9",
    "nvidia/cu13/lib/libcufft.so.12",
    "nvidia/cu13/lib/libnvrtc.so.13",
  ]);
  const bySystem = search.libraries.filter(({ isOnLoaderPath }) => isOnLoaderPath);
  deepStrictEqual(bySystem.map(({ name }) => name), ["libc.so.6", "libcuda.so.1"]);
});

Deno.test("toCudaReason() names the library that is missing and the one that needs it, and toCudaHint() what brings it", async () => {
  await using machine = await createMachine();
  const withoutNvidia = machine.search({ cudaDirs: ["capi"] });
  strictEqual(
    toCudaReason(withoutNvidia),
    `libcublasLt.so.13, which ${CUDA} needs, is neither in MARINA_CUDA_DIR nor on the loader's path; nor are libcublas.so.13, libcudart.so.13`,
  );
  strictEqual(
    toCudaHint(withoutNvidia, "1.30.0"),
    'pip install --no-deps --target DIR "nvidia-cublas==13.*" "nvidia-cuda-runtime==13.*" "nvidia-cudnn-cu13==9.*" "nvidia-cufft==12.*" "nvidia-cuda-nvrtc==13.*", and set MARINA_CUDA_DIR=DIR',
  );
  const withoutDriver = machine.search({ loaderPath: [] });
  match(
    toCudaReason(withoutDriver)!,
    /^libcuda\.so\.1, which libonnxruntime_providers_cuda\.so needs/,
  );
  match(toCudaHint(withoutDriver, "1.30.0")!, /^install NVIDIA's driver.*--gpus all\)$/);
  const without = machine.search({ cudaDirs: [] });
  strictEqual(
    toCudaReason(without),
    `${CUDA} is neither beside onnxruntime nor in MARINA_CUDA_DIR nor on the loader's path`,
  );
  match(toCudaHint(without, "1.30.0")!, /^pip install .*"onnxruntime-gpu\[cuda,cudnn\]==1\.30\.0"/);
});

Deno.test("findCuda() follows a need of a need, and passes by a library of another machine", async () => {
  await using machine = await createMachine(["nvidia/cu13/lib/libcublasLt.so.13"]);
  deepStrictEqual(machine.search().missing, [{ name: "libcublasLt.so.13", neededBy: CUDA }]);
  await Deno.writeFile(
    join(machine.root, "nvidia/cu13/lib/libcublasLt.so.13"),
    buildElf({ machine: 183 }),
  );
  strictEqual(machine.search().missing.length, 1);
  await Deno.writeFile(
    join(machine.root, "nvidia/cu13/lib/libcublasLt.so.13"),
    buildElf({ needed: ["libodd.so.2"] }),
  );
  deepStrictEqual(machine.search().missing, [{
    name: "libodd.so.2",
    neededBy: "libcublasLt.so.13",
  }]);
});

Deno.test("findCuda() tells what only some models need apart from what CUDA needs", async () => {
  await using machine = await createMachine(["nvidia/cudnn/lib/libcudnn.so.9"]);
  const { missing, missingOnDemand } = machine.search();
  deepStrictEqual(missing, []);
  deepStrictEqual(missingOnDemand, [{ name: "libcudnn.so.9", neededBy: undefined }]);
});

Deno.test({
  name:
    "prepareCudaFolder() puts providers and libraries beside onnxruntime's own, once, and names what to open first",
  ignore: isWindows,
  async fn() {
    await using machine = await createMachine();
    const { root } = machine;
    const packagesDir = join(root, "packages");
    const runtimePlace = "onnxruntime-node/1.30.0/bin";
    const runtimeDir = join(packagesDir, runtimePlace);
    await Deno.mkdir(runtimeDir, { recursive: true });
    await Deno.mkdir(join(packagesDir, "@img"));
    await Deno.writeTextFile(join(runtimeDir, "onnxruntime_binding.node"), "binding");
    await Deno.writeTextFile(join(runtimeDir, "libonnxruntime.so.1"), "runtime");
    const options = {
      packagesDir,
      runtimeDir,
      nativePackages: ["@img", "absent"],
      cacheDir: join(root, "cache"),
    };
    const search = machine.search();
    const [first, second] = await Promise.all([
      prepareCudaFolder(search, options),
      prepareCudaFolder(search, options),
    ]);
    deepStrictEqual(first, second);
    deepStrictEqual(await prepareCudaFolder(search, options), first);
    strictEqual([...Deno.readDirSync(join(root, "cache/cuda"))].length, 1);
    const place = join(first.nativeDir, runtimePlace);
    deepStrictEqual(
      first.preload,
      [
        "libcublasLt.so.13",
        "libcublas.so.13",
        "libcudart.so.13",
        "libcudnn.so.9",
        "libcufft.so.12",
        "libnvrtc.so.13",
      ].map((name) => join(place, name)),
    );
    strictEqual(await Deno.readTextFile(join(place, "onnxruntime_binding.node")), "binding");
    strictEqual(await Deno.readTextFile(join(place, "libonnxruntime.so.1")), "runtime");
    // cuDNN opens its neighbours by name.
    for (const name of [SHARED, CUDA, "libcudnn_ops.so.9"]) {
      ok(Deno.statSync(join(place, name)).isFile);
    }
    ok(Deno.statSync(join(first.nativeDir, "@img")).isDirectory);
  },
});
