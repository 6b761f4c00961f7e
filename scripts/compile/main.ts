/**
 * Compiles Marina into one executable: `deno task compile`, or `deno task compile:all`.
 *
 * The base executable is downloaded by the compiler, or is the file that `DENORT_BIN` names;
 * `MARINA_DENO_CLI` names the compiler, the running Deno unless given. Both must be of one version.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { resolvePackedDir, writePackedFiles } from "../../archiver/mod.ts";
import {
  compile,
  fetchPackages,
  findCompiler,
  readModuleGraph,
  readNpmCacheDir,
  SOURCE_DIR,
} from "./_compiler.ts";
import { measurePackages, measurePacked, toContentsText, toMegabytes } from "./contents.ts";
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
async function compileFor(target: Target, outputDir: string): Promise<void> {
  if (target.triple !== Deno.build.target) await fetchPackages(target.platform, target.arch);
  const { used, unused } = splitPackages(
    await readModuleGraph(),
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
    include: packedDir,
    exclude: [...unused.map(toDir), ...leftOut],
    output,
  });
  const { size } = await Deno.stat(output);
  const parts = [
    ...await measurePackages(used, npmCacheDir, new Set(leftOut)),
    ...await measurePacked(packedDir),
  ];
  write(`${output}: ${toMegabytes(size)}\n${toContentsText(size, parts)}`);
}

function write(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}

if (values.help) {
  write(USAGE);
  Deno.exit(0);
}
try {
  const outputDir = values["output-dir"];
  await Deno.mkdir(outputDir, { recursive: true });
  const targets = values.all ? TARGETS : [findTarget(values.target)];
  for (const target of targets) await compileFor(target, outputDir);
} catch (error) {
  write(`${(error as Error).message}\n`);
  const base = Deno.env.get("DENORT_BIN");
  write(
    `The compiler was "${findCompiler()}", the base executable ${
      base === undefined ? "one that the compiler downloads" : `"${base}"`
    }; without a network name both, of one version, as MARINA_DENO_CLI and DENORT_BIN\n`,
  );
  Deno.exit(1);
}
