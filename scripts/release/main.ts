/**
 * Makes all that a release consists of: `deno task release`.
 *
 * The executables, `install.sh`, the modules for a web server (`marina-url.tar.gz`), what all of it is made
 * of (`marina.cdx.json`) and under which licences (`THIRD-PARTY-LICENSES.txt`), a list (`release.json`) and
 * the checksums (`SHA256SUMS`). Ends with 1 when a target could not be built; what could is there all the same.
 */
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import config from "../../deno.json" with { type: "json" };
import {
  ENTRY_MODULES,
  readModuleGraph,
  readNpmCacheDir,
  readRuntimeVersion,
  SOURCE_DIR,
} from "../compile/compiler.ts";
import { TARGETS, toBinaryName } from "../compile/targets.ts";
import { emptyFolder } from "../empty_folder.ts";
import { createLockText } from "../publish/lock_text.ts";
import { publishSources } from "../publish/publish_sources.ts";
import { createLicenceText } from "./licence_texts.ts";
import { createSbom } from "./sbom.ts";
import { listShippedPackages, type LockFile } from "./shipped_packages.ts";
import { hashFiles, toChecksumText } from "./checksums.ts";
import { stampInstaller } from "./stamp_installer.ts";
import { createUrlArchive, PLACEHOLDER_URL } from "./url_archive.ts";

const USAGE = `Usage: deno task release [-- options]

  --target NAME   Only this one of ${TARGETS.map(({ name }) => name).join(", ")}; may be repeated
  --output-dir D  Where it all goes, dist/release/ unless given; an earlier release is removed
  --base-url URL  Where install.sh downloads from: URL/latest/download/FILE, URL/download/vX/FILE
  --help          This text

MARINA_DENO_CLI names the compiler; DENORT_BIN and DENORT_BIN_LINUX_ARM64 and so on name base executables.
SOURCE_DATE_EPOCH is the release's time, in seconds.
`;

const LICENCES_NAME = "THIRD-PARTY-LICENSES.txt";

const URL_ARCHIVE_NAME = "marina-url.tar.gz";

/** The names that a release has ever had in it. */
const RELEASED_REGEXP =
  /^(marina[-.].+|install\.sh|release\.json|SHA256SUMS|THIRD-PARTY-LICENSES\.txt)$/;

const COMPILE_PATH = fileURLToPath(new URL("../compile/main.ts", import.meta.url));

const { values } = parseArgs({
  args: Deno.args.filter((arg) => arg !== "--"),
  options: {
    target: { type: "string", multiple: true },
    "output-dir": { type: "string", default: join(SOURCE_DIR, "dist", "release") },
    "base-url": { type: "string" },
    help: { type: "boolean", default: false },
  },
});

function write(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}

/** Answers why there is no executable; `undefined` where there is one. */
async function build(targetName: string, outputDir: string): Promise<string | undefined> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", COMPILE_PATH, "--target", targetName, "--output-dir", outputDir],
    cwd: SOURCE_DIR,
    stdin: "null",
  }).output();
  const text = new TextDecoder().decode(stdout).trimEnd();
  if (success) {
    write(`${text}\n`);
    return undefined;
  }
  return `${text}\n${new TextDecoder().decode(stderr).trimEnd()}`.trimEnd();
}

async function makeRelease(outputDir: string, targetNames: readonly string[]): Promise<boolean> {
  await emptyFolder(outputDir, (name) => RELEASED_REGEXP.test(name));
  const createdAtMs = Number(Deno.env.get("SOURCE_DATE_EPOCH") ?? NaN) * 1000 || Date.now();
  const missing: { target: string; reason: string }[] = [];
  const built: { target: string; file: string }[] = [];
  for (const target of TARGETS.filter(({ name }) => targetNames.includes(name))) {
    const reason = await build(target.name, outputDir);
    if (reason === undefined) built.push({ target: target.name, file: toBinaryName(target) });
    else missing.push({ target: target.name, reason });
  }
  const lockText = await Deno.readTextFile(join(SOURCE_DIR, "deno.lock"));
  const npmCacheDir = await readNpmCacheDir();
  const { packages, direct } = await listShippedPackages(
    await readModuleGraph(ENTRY_MODULES),
    JSON.parse(lockText) as LockFile,
    TARGETS.filter(({ name }) => targetNames.includes(name)),
    npmCacheDir,
  );
  const runtimeVersion = await readRuntimeVersion();
  const sbom = await createSbom({
    version: config.version,
    licence: config.license,
    runtimeVersion,
    packages,
    direct,
    createdAtMs,
  });
  await writeJson(join(outputDir, "marina.cdx.json"), sbom);
  await Deno.writeTextFile(
    join(outputDir, LICENCES_NAME),
    await createLicenceText(packages, npmCacheDir),
  );
  const installer = await Deno.readTextFile(join(SOURCE_DIR, "scripts", "install.sh"));
  await Deno.writeTextFile(
    join(outputDir, "install.sh"),
    stampInstaller(installer, values["base-url"] ?? ""),
    { mode: 0o755 },
  );
  await Deno.writeFile(
    join(outputDir, URL_ARCHIVE_NAME),
    await publishForUrl(lockText, createdAtMs),
  );
  const files = await hashFiles(outputDir);
  await writeJson(join(outputDir, "release.json"), {
    name: config.name,
    version: config.version,
    createdAt: new Date(createdAtMs).toISOString(),
    runtime: `deno ${runtimeVersion}`,
    executables: built,
    missing: missing.map(({ target }) => target),
    files,
  });
  await Deno.writeTextFile(
    join(outputDir, "SHA256SUMS"),
    toChecksumText(await hashFiles(outputDir)),
  );
  write(`${outputDir}: ${built.length} of ${targetNames.length} executables\n`);
  for (const { target, reason } of missing) write(`\nNot built: ${target}\n${reason}\n`);
  return missing.length === 0;
}

async function publishForUrl(sourceLock: string, createdAtMs: number): Promise<Uint8Array> {
  const dir = await Deno.makeTempDir({ prefix: "marina-url-" });
  try {
    const paths = await publishSources({ sourceDir: SOURCE_DIR, outputDir: dir });
    const lockText = await createLockText({ dir, paths, baseUrl: PLACEHOLDER_URL, sourceLock });
    return await createUrlArchive({ dir, paths, lockText, createdAtMs });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await Deno.writeTextFile(path, JSON.stringify(value, null, 2) + "\n");
}

if (values.help) {
  write(USAGE);
} else {
  const known = TARGETS.map(({ name }) => name);
  const unknown = values.target?.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    write(`${USAGE}\nCannot build "${unknown}": a target must be one of ${known.join(", ")}\n`);
    Deno.exit(2);
  }
  if (!await makeRelease(resolve(values["output-dir"]), values.target ?? known)) Deno.exit(1);
}
