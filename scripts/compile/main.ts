/**
 * Compiles Marina into one executable: `deno task compile`, or `deno task compile:all`.
 *
 * The base executable is downloaded by the compiler, or is the file that `DENORT_BIN` names, for another
 * target than this machine's `DENORT_BIN_LINUX_ARM64`, `DENORT_BIN_MACOS_ARM64` and so on;
 * `MARINA_DENO_CLI` names the compiler, the running Deno unless given. Both must be of one version.
 */
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { resolvePackedDir, writePackedFiles } from "../../archiver/mod.ts";
import { bundleProgram } from "./bundle_program.ts";
import {
  compile,
  ENTRY_MODULES,
  fetchPackages,
  findBase,
  findCompiler,
  listBaseVariables,
  readModuleGraph,
  readNpmCacheDir,
  SOURCE_DIR,
} from "./compiler.ts";
import { measurePackages, measurePacked, toContentsText, toMegabytes } from "./contents.ts";
import { readExecutablePlatform } from "./executable_format.ts";
import { isForeign, listLeftOut } from "./left_out.ts";
import { type NpmPackage, splitPackages, toPackageDir } from "./npm_packages.ts";
import { listPackedSources } from "./packed_sources.ts";
import { findTarget, type Target, TARGETS, toBinaryName } from "./targets.ts";

const USAGE = `Usage: deno task compile [-- options]

  --target NAME   One of ${TARGETS.map(({ name }) => name).join(", ")}; this machine's unless given
  --all           Every target
  --output-dir D  Where the binaries go, dist/ unless given
  --help          This text
`;

const { values } = parseArgs({
  args: Deno.args.filter((arg) => arg !== "--"),
  options: {
    target: { type: "string" },
    all: { type: "boolean", default: false },
    "output-dir": { type: "string", default: join(SOURCE_DIR, "dist") },
    help: { type: "boolean", default: false },
  },
});

/** Compiles for one target and tells what has come out. */
async function compileFor(
  target: Target,
  entries: readonly string[],
  outputDir: string,
): Promise<void> {
  if (target.triple !== Deno.build.target) await fetchPackages(target.platform, target.arch);
  const { used, unused } = splitPackages(
    await readModuleGraph(entries),
    (npmPackage) => isForeign(npmPackage, target),
  );
  const npmCacheDir = await readNpmCacheDir();
  const toDir = (npmPackage: NpmPackage) => toPackageDir(npmPackage, npmCacheDir);
  const leftOut = (await Promise.all(
    used.map((npmPackage) => listLeftOut(npmPackage, toDir(npmPackage), target)),
  ))
    .flat();
  const packed = await listPackedSources(used, npmCacheDir, new Set(leftOut));
  const packedDir = resolvePackedDir(target.triple);
  await writePackedFiles(packedDir, packed);
  leftOut.push(...packed.values());
  const output = join(outputDir, toBinaryName(target));
  await compile({
    triple: target.triple,
    entries,
    base: findBase(target),
    include: packedDir,
    exclude: [...unused.map(toDir), ...leftOut],
    output,
  });
  await assertPlatform(output, target);
  const { size } = await Deno.stat(output);
  const parts = [
    ...await measurePackages(used, npmCacheDir, new Set(leftOut)),
    ...await measurePacked(packedDir),
  ];
  write(`${output}: ${toMegabytes(size)}\n${toContentsText(size, parts)}`);
}

async function assertBase(target: Target): Promise<void> {
  const base = findBase(target);
  if (base === undefined || (await Deno.stat(base).catch(() => undefined))?.isFile) return;
  throw new Error(`Cannot compile for ${target.name}: the base executable must be a file`);
}

/** A base for another platform makes an executable that is none. */
async function assertPlatform(path: string, target: Target): Promise<void> {
  using file = await Deno.open(path);
  const head = new Uint8Array(4096);
  await file.read(head);
  const found = readExecutablePlatform(head);
  if (found?.platform === target.platform && found.arch === target.arch) return;
  await Deno.remove(path);
  throw new Error(
    `Cannot compile for ${target.name}: its base executable must be for ${target.platform} ${target.arch}, found one for ${
      found === undefined ? "no known platform" : `${found.platform} ${found.arch}`
    }`,
  );
}

function write(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}

if (values.help) {
  write(USAGE);
  Deno.exit(0);
}
let current: Target | undefined;
try {
  const outputDir = resolve(values["output-dir"]);
  await Deno.mkdir(outputDir, { recursive: true });
  const targets = values.all ? TARGETS : [findTarget(values.target)];
  for (const target of targets) {
    current = target;
    await assertBase(target);
  }
  const entries = await bundleProgram({
    sourceDir: SOURCE_DIR,
    entries: ENTRY_MODULES,
    outputDir: join(SOURCE_DIR, "dist", "program"),
  });
  for (const target of targets) {
    current = target;
    await compileFor(target, entries, outputDir);
  }
} catch (error) {
  write(`${(error as Error).message}\n`);
  if (current !== undefined) {
    const base = findBase(current);
    write(
      `The compiler was "${findCompiler()}", the base executable ${
        base === undefined ? "one that the compiler downloads" : `"${base}"`
      }; without a network name both, of one version, as MARINA_DENO_CLI and ${
        listBaseVariables(current).at(-1)
      }\n`,
    );
  }
  Deno.exit(1);
}
