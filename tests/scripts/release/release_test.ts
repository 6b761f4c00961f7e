import {
  deepStrictEqual,
  match,
  notDeepStrictEqual,
  strictEqual,
  throws,
} from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { unpackTar } from "modern-tar";
import { readExecutablePlatform } from "../../../scripts/compile/executable_format.ts";
import { hashFiles, toChecksumText } from "../../../scripts/release/checksums.ts";
import { createLicenceText } from "../../../scripts/release/licence_texts.ts";
import { stampInstaller } from "../../../scripts/release/stamp_installer.ts";
import { createUrlArchive, PLACEHOLDER_URL } from "../../../scripts/release/url_archive.ts";
import { TempFolder } from "../../support/temp_folder.ts";

const RELEASE_PATH = fileURLToPath(new URL("../../../scripts/release/main.ts", import.meta.url));

Deno.test("toChecksumText() of hashFiles() is what sha256sum --check reads", async () => {
  const dir = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(join(dir, "b"), "");
    await Deno.writeTextFile(join(dir, "a"), "abc");
    await Deno.mkdir(join(dir, "folder"));
    strictEqual(
      toChecksumText(await hashFiles(dir)),
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  a\n" +
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  b\n",
    );
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("stampInstaller() puts the release's address into install.sh, as one word of the shell", async () => {
  const script = await Deno.readTextFile("scripts/install.sh");
  const stamped = stampInstaller(script, "https://example.org/marina/releases");
  match(stamped, /^DEFAULT_BASE_URL=https:\/\/example\.org\/marina\/releases$/m);
  strictEqual(stampInstaller(stamped, ""), script);
  throws(() => stampInstaller(script, "https://a; rm -rf /"), /must be a plain http or https URL$/);
  throws(() => stampInstaller("#!/bin/sh", ""), /must have a line "DEFAULT_BASE_URL="$/);
});

function createHead(bytes: Readonly<Record<number, readonly number[]>>): Uint8Array {
  const head = new Uint8Array(256);
  for (const [at, values] of Object.entries(bytes)) head.set(values, Number(at));
  return head;
}

for (
  const [what, head, platform] of [
    ["ELF, x86-64", { 0: [0x7f, 0x45, 0x4c, 0x46], 18: [0x3e, 0] }, ["linux", "x64"]],
    ["ELF, AArch64", { 0: [0x7f, 0x45, 0x4c, 0x46], 18: [0xb7, 0] }, ["linux", "arm64"]],
    ["ELF, RISC-V", { 0: [0x7f, 0x45, 0x4c, 0x46], 18: [0xf3, 0] }, undefined],
    ["Mach-O, arm64", { 0: [0xcf, 0xfa, 0xed, 0xfe, 0x0c, 0, 0, 1] }, ["darwin", "arm64"]],
    [
      "PE, x86-64",
      { 0: [0x4d, 0x5a], 0x3c: [0x80, 0, 0, 0], 0x80: [0x50, 0x45, 0, 0, 0x64, 0x86] },
      ["win32", "x64"],
    ],
    ["DOS", { 0: [0x4d, 0x5a], 0x3c: [0xff, 0xff, 0, 0] }, undefined],
    ["a text", { 0: [0x23, 0x21] }, undefined],
  ] as const
) {
  Deno.test(`readExecutablePlatform() reads ${platform?.join(" ") ?? "nothing"} from ${what}`, () => {
    const found = readExecutablePlatform(createHead(head));
    deepStrictEqual(found && [found.platform, found.arch], platform);
  });
}

Deno.test("createUrlArchive() makes the same bytes of the same files, whose lock file is for one address", async () => {
  await using folder = await TempFolder.create();
  await folder.write("server/a.ts", "export {};\n");
  await folder.write("main.ts", 'import "./server/a.ts";\n');
  const pack = (createdAtMs: number, paths: readonly string[]) =>
    createUrlArchive({ dir: folder.path, paths, lockText: PLACEHOLDER_URL, createdAtMs });
  const bytes = await pack(1_700_000_000_000, ["server/a.ts", "main.ts"]);
  const names = (await unpackTar(gunzipSync(bytes))).map(({ header: { name, mtime } }) => {
    strictEqual(mtime?.getTime(), 1_700_000_000_000);
    return name;
  });
  deepStrictEqual(
    names,
    ["HOSTING.md", "main.ts", "marina.lock", "server/a.ts"].map((name) => `marina-url/${name}`),
  );
  deepStrictEqual(await pack(1_700_000_000_000, ["main.ts", "server/a.ts"]), bytes);
  notDeepStrictEqual(await pack(1_800_000_000_000, ["main.ts", "server/a.ts"]), bytes);
});

Deno.test("release ends with 1, names the target that could not be built, and makes the rest, which runs from a URL", async () => {
  const cwd = await Deno.makeTempDir();
  const dir = join(cwd, "of mine", "release");
  try {
    const { code, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", RELEASE_PATH, "--target", "linux-x64", "--output-dir", "of mine/release"],
      cwd,
      env: {
        DENORT_BIN_LINUX_X64: join(dir, "no-base"),
        MARINA_DENO_CLI: Deno.execPath(),
        SOURCE_DATE_EPOCH: "1700000000",
        NO_COLOR: "1",
      },
      stderr: "null",
    }).output();
    const text = new TextDecoder().decode(stdout);
    strictEqual(code, 1);
    match(text, /: 0 of 1 executables$/m);
    match(text, /^Not built: linux-x64$/m);
    match(text, /the base executable ".*no-base"/);
    const names = [...Deno.readDirSync(dir)].map(({ name }) => name).sort();
    deepStrictEqual(names, [
      "SHA256SUMS",
      "THIRD-PARTY-LICENSES.txt",
      "install.sh",
      "marina-url.tar.gz",
      "marina.cdx.json",
      "release.json",
    ]);
    const release = JSON.parse(await Deno.readTextFile(join(dir, "release.json")));
    deepStrictEqual([release.executables, release.missing], [[], ["linux-x64"]]);
    strictEqual(release.createdAt, "2023-11-14T22:13:20.000Z");
    const tried = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "scripts/release/try_url.ts", dir],
      env: { NO_COLOR: "1" },
    }).output();
    const said = new TextDecoder().decode(tried.stdout);
    strictEqual(tried.code, 0, said + new TextDecoder().decode(tried.stderr));
    match(said, /^marina \d+\.\d+\.\d+\nusage: /im);
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
});

Deno.test("release removes nothing of a folder that holds anything but a release", async () => {
  await using folder = await TempFolder.create();
  await folder.write("release.json", "{}");
  await folder.write("thesis.tex", "five years");
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", RELEASE_PATH, "--output-dir", "."],
    cwd: folder.path,
    env: { NO_COLOR: "1" },
  }).output();
  strictEqual(code, 1);
  match(
    new TextDecoder().decode(stderr),
    /Cannot empty ".*": it must be new or of an earlier run, found "thesis\.tex"; name another with --output-dir/,
  );
  deepStrictEqual(await folder.list(), ["release.json", "thesis.tex"]);
});

Deno.test("createLicenceText() hands on each package's licences and notices, and names one that brings none", async () => {
  await using cache = await TempFolder.create();
  const at = (path: string) => `registry.npmjs.org/${path}`;
  await cache.write(at("@scope/a/1.0.0/LICENSE"), "MIT: do what you like\n");
  await cache.write(at("@scope/a/1.0.0/ThirdPartyNotices.txt"), "With parts of b\n");
  await cache.write(at("@scope/a/1.0.0/licenser.js"), "code");
  await cache.write(at("b/2.0.0/index.js"), "code");
  const common = { integrity: "sha512-", dependencies: [] };
  const text = await createLicenceText([
    { ...common, name: "@scope/a", version: "1.0.0", licence: "MIT" },
    { ...common, name: "b", version: "2.0.0", licence: "ISC" },
    { ...common, name: "not-here", version: "3.0.0" },
  ], cache.path);
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("==="));
  deepStrictEqual(lines, [
    "@scope/a 1.0.0, MIT",
    "MIT: do what you like",
    "With parts of b",
    "b 2.0.0, ISC",
    "not-here 3.0.0",
  ]);
});
