import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { openArchive } from "../../archiver/mod.ts";
import { runMarina } from "../support/marina_process.ts";
import { TempFolder } from "../support/temp_folder.ts";

const ALWAYS = ["archive", "--model-name", "m1", "--handler", "base_handler", "-v", "1.0"];
const MAIN = fileURLToPath(new URL("../../main.ts", import.meta.url));
const CONFIG = fileURLToPath(new URL("../../deno.json", import.meta.url));
const IS_WINDOWS = Deno.build.os === "windows";
const FORMATS = ["default", "zip-store", "tgz", "no-archive"] as const;

/** A large file, all zeros, that takes no room. */
async function writeSparse(folder: TempFolder, name: string, sizeBytes: number): Promise<void> {
  await folder.write(name, "");
  await Deno.truncate(folder.at(name), sizeBytes);
}

/** Resolves when the packer's temporary file or folder is in `folder`. */
async function waitForTemporary(folder: TempFolder): Promise<void> {
  for await (const { paths } of Deno.watchFs(folder.path)) {
    if (paths.some((path) => path.endsWith(".marina-tmp"))) return;
  }
}

function isTemporary(name: string): boolean {
  return name.endsWith(".marina-tmp");
}

/** Starts packing two gigabytes over an old archive, and ends it while it writes. */
async function interrupt(format: string, signal: Deno.Signal) {
  await using folder = await TempFolder.create();
  await Deno.mkdir(folder.at("out"));
  await writeSparse(folder, "weights.bin", 2 * 1024 ** 3);
  const old = [...ALWAYS, "--archive-format", format, "--export-path", "out"];
  strictEqual((await runMarina(old, { cwd: folder.path })).code, 0);
  const [name] = await folder.list("out");
  const before = await readAll(folder.at(`out/${name}`));

  const watched = { at: folder.at, path: folder.at("out") } as TempFolder;
  const writing = waitForTemporary(watched);
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "--config", CONFIG, MAIN, ...old, "-f"],
      ...["--serialized-file", "weights.bin"],
    ],
    cwd: folder.path,
    stdout: "null",
    stderr: "null",
  }).spawn();
  await writing;
  child.kill(signal);
  const { code } = await child.status;
  deepStrictEqual(await readAll(folder.at(`out/${name}`)), before);
  return { code, names: await folder.list("out"), name };
}

/** The bytes of a file, or of a folder's manifest. */
async function readAll(path: string): Promise<Uint8Array> {
  const { isDirectory } = await Deno.stat(path);
  return await Deno.readFile(isDirectory ? `${path}/MAR-INF/MANIFEST.json` : path);
}

Deno.test.each(FORMATS.map((format) => ({ format })))(
  "archive killed while it writes $format leaves the old archive as it was",
  async ({ format }) => {
    const { names, name } = await interrupt(format, "SIGKILL");
    deepStrictEqual(names.filter((other) => !isTemporary(other)), [name]);
  },
);

Deno.test.each(
  [
    { format: "default", signal: "SIGTERM", expected: 143 },
    { format: "tgz", signal: "SIGINT", expected: 130 },
    { format: "no-archive", signal: "SIGTERM", expected: 143 },
  ] as const,
)(
  "archive ended by $signal while it writes $format exits $expected and cleans up",
  { ignore: IS_WINDOWS },
  async ({ format, signal, expected }) => {
    const { code, names, name } = await interrupt(format, signal);
    strictEqual(code, expected);
    deepStrictEqual(names, [name]);
  },
);

Deno.test("archive run six times at once without --force succeeds once", async () => {
  await using folder = await TempFolder.create();
  await folder.write("weights.bin", new Uint8Array(5_000_000));
  const args = [...ALWAYS, "--serialized-file", "weights.bin"];
  const outcomes = await Promise.all(
    Array.from({ length: 6 }, () => runMarina(args, { cwd: folder.path })),
  );
  deepStrictEqual(outcomes.map(({ code }) => code).sort(), [0, 1, 1, 1, 1, 1]);
  for (const { code, stderr } of outcomes) {
    if (code === 1) match(stderr, /^ERROR - .*\/m1\.mar already exists\.\n/);
  }
  deepStrictEqual(await folder.list(), ["m1.mar", "weights.bin"]);
});

Deno.test.each(FORMATS.map((format) => ({ format })))(
  "archive run four times at once with --force leaves one whole $format archive",
  async ({ format }) => {
    await using folder = await TempFolder.create();
    for (const name of ["a", "b", "c", "d"]) {
      await folder.write(`${name}/weights.bin`, new Uint8Array(3_000_000).fill(name.charCodeAt(0)));
    }
    const outcomes = await Promise.all(["a", "b", "c", "d"].map((name) =>
      runMarina([
        ...[...ALWAYS, "--force", "--archive-format", format, "--export-path", "out"],
        ...["--serialized-file", `${name}/weights.bin`],
      ], { cwd: folder.path })
    ));
    deepStrictEqual(outcomes.map(({ code }) => code), [0, 0, 0, 0], outcomes[0]!.stderr);
    const names = await folder.list("out");
    strictEqual(names.length, 1, names.join());
    await using opened = await openArchive(folder.at(`out/${names[0]}`), {
      destination: folder.at("unpacked"),
    });
    const bytes = await Deno.readFile(`${opened.modelDir}/weights.bin`);
    ok(bytes.every((byte) => byte === bytes[0]));
  },
);

/** A file system of 8 MB; undefined where this process may not mount one. */
async function mountSmallDisk(path: string): Promise<AsyncDisposable | undefined> {
  await Deno.mkdir(path);
  const run = (program: string, ...args: string[]) =>
    new Deno.Command(program, { args, stderr: "null" }).output().catch(() => ({ success: false }));
  const mounted = await run("mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", path);
  if (!mounted.success) return undefined;
  return { [Symbol.asyncDispose]: async () => void await run("umount", path) };
}

const canMount = Deno.build.os === "linux" && await (async () => {
  await using folder = await TempFolder.create();
  await using disk = await mountSmallDisk(folder.at("disk"));
  return disk !== undefined;
})();

Deno.test.each(FORMATS.map((format) => ({ format })))(
  "archive on a full disk keeps the old $format archive and leaves no half one (needs mount)",
  { ignore: !canMount },
  async ({ format }) => {
    await using folder = await TempFolder.create();
    await using _disk = await mountSmallDisk(folder.at("disk"));
    const args = [...ALWAYS, "--archive-format", format, "--export-path", "disk"];
    strictEqual((await runMarina(args, { cwd: folder.path })).code, 0);
    const names = await folder.list("disk");
    const before = await readAll(folder.at(`disk/${names[0]}`));

    const noise = new Uint8Array(12_000_000);
    for (let at = 0; at < noise.length; at += 65_536) {
      crypto.getRandomValues(noise.subarray(at, at + 65_536));
    }
    await folder.write("weights.bin", noise);
    const { code, stderr } = await runMarina(
      [...args, "-f", "--serialized-file", "weights.bin"],
      { cwd: folder.path },
    );
    strictEqual(code, 1);
    match(
      stderr,
      /ERROR - Failed to save the model-archive to model-path "disk". Check the file permissions and retry\.\nERROR - The system says: .*[Nn]o space left/,
    );
    deepStrictEqual(await folder.list("disk"), names);
    deepStrictEqual(await readAll(folder.at(`disk/${names[0]}`)), before);
  },
);
