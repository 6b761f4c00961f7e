/** `scripts/install.sh` in dash, against a web server of this machine. */
import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type FileRoute, FileServer } from "../support/file_server.ts";

const SCRIPT = fileURLToPath(new URL("../../scripts/install.sh", import.meta.url));
const FILE = "marina-linux-x64";

/** Stands for a release's executable. */
function createProgram(version: string): string {
  return `#!/bin/sh\necho "marina ${version}"\n`;
}

async function createSums(text: string, name = FILE): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return `${"0".repeat(64)}  another\n${new Uint8Array(digest).toHex()}  ${name}\n`;
}

async function createRelease(folder: string, version: string): Promise<Record<string, FileRoute>> {
  const program = createProgram(version);
  const sums = await createSums(program);
  return {
    [`${folder}/${FILE}`]: () => new Response(program),
    [`${folder}/SHA256SUMS`]: () => new Response(sums),
  };
}

interface InstallOptions {
  readonly routes: Readonly<Record<string, FileRoute>>;
  readonly args?: readonly string[];
  /** Programs that stand before the system's, as text of a script. */
  readonly programs?: Readonly<Record<string, string>>;
  /** The only programs of the system that are there; all unless given. */
  readonly only?: readonly string[];
  /** Lies beside the folder to install into, which is the working folder's `to here`. */
  readonly folder?: string;
  /** What is installed already. */
  readonly installed?: string;
  readonly env?: Readonly<Record<string, string>>;
}

interface InstallOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** What is in the folder afterwards. */
  readonly names: readonly string[];
  readonly program: string | undefined;
  readonly dir: string;
}

async function install(options: InstallOptions): Promise<InstallOutcome> {
  const root = await Deno.makeTempDir();
  try {
    await using server = new FileServer(options.routes);
    const [bin, dir] = [join(root, "bin"), join(root, "to here")];
    await Deno.mkdir(bin);
    await Deno.mkdir(dir);
    if (options.folder !== undefined) await Deno.mkdir(join(root, options.folder));
    const uname = '#!/bin/sh\ncase "$1" in -m) echo x86_64;; *) echo Linux;; esac\n';
    for (const [name, text] of Object.entries({ uname, ...options.programs })) {
      await Deno.writeTextFile(join(bin, name), text, { mode: 0o755 });
    }
    for (const name of options.only ?? []) {
      await Deno.symlink(await findProgram(name), join(bin, name));
    }
    const program = join(dir, "marina");
    if (options.installed !== undefined) await Deno.writeTextFile(program, options.installed);
    const { code, stdout, stderr } = await new Deno.Command(await findProgram("dash"), {
      args: [SCRIPT, "--dir", dir, ...options.args ?? []],
      cwd: root,
      env: {
        PATH: options.only === undefined ? `${bin}:${Deno.env.get("PATH")}` : bin,
        MARINA_BASE_URL: server.url,
        ...options.env,
      },
      stdin: "null",
    }).output();
    const decoder = new TextDecoder();
    return {
      code,
      stdout: decoder.decode(stdout).replaceAll(server.url, "URL").replaceAll(dir, "DIR"),
      stderr: decoder.decode(stderr).replaceAll(server.url, "URL").replaceAll(dir, "DIR"),
      names: [...Deno.readDirSync(dir)].map(({ name }) => name),
      program: await Deno.readTextFile(program).catch(() => undefined),
      dir,
    };
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

async function findProgram(name: string): Promise<string> {
  for (const dir of Deno.env.get("PATH")!.split(":")) {
    const path = join(dir, name);
    if ((await Deno.stat(path).catch(() => undefined))?.isFile) return path;
  }
  throw new Error(`Cannot find "${name}" on the path`);
}

function hasProgram(name: string): Promise<boolean> {
  return findProgram(name).then(() => true, () => false);
}

const NEEDED = ["mkdir", "mktemp", "rm", "mv", "chmod", "cut", "id", "ldd", "sh", "cat", "grep"];
const test = { ignore: Deno.build.os === "windows" || !await hasProgram("dash") };

for (const [loader, prover] of [["curl", "sha256sum"], ["wget", "shasum"]] as const) {
  const isMissing = !await hasProgram(loader) || !await hasProgram(prover);
  Deno.test(
    `install.sh installs the latest release with ${loader} and ${prover}, and says how to reach it`,
    { ignore: test.ignore || isMissing },
    async () => {
      const outcome = await install({
        routes: await createRelease("/latest/download", "9.1.0"),
        only: [...NEEDED, loader, prover, ...prover === "shasum" ? ["perl"] : []],
      });
      deepStrictEqual([outcome.code, outcome.stderr], [0, ""]);
      strictEqual(outcome.program, createProgram("9.1.0"));
      deepStrictEqual(outcome.names, ["marina"]);
      match(outcome.stdout, /^Installed marina 9\.1\.0 as DIR\/marina$/m);
      match(outcome.stdout, /export PATH="DIR:\$PATH"/);
    },
  );
}

for (const args of [["--version", "1.2.3"], ["--version=v1.2.3"]]) {
  Deno.test(
    `install.sh ${args.join(" ")} replaces what is there by that release`,
    test,
    async () => {
      const outcome = await install({
        routes: await createRelease("/download/v1.2.3", "1.2.3"),
        args,
        installed: createProgram("0.0.1"),
      });
      deepStrictEqual([outcome.code, outcome.stderr], [0, ""]);
      strictEqual(outcome.program, createProgram("1.2.3"));
      deepStrictEqual(outcome.names, ["marina"]);
    },
  );
}

const OLD = createProgram("0.0.1");
const PROGRAM = createProgram("9.1.0");
const RELEASE = await createRelease("/latest/download", "9.1.0");

interface Refusal extends Omit<InstallOptions, "routes"> {
  readonly what: string;
  readonly says: RegExp;
  readonly routes?: Readonly<Record<string, FileRoute>>;
}

const REFUSALS: readonly Refusal[] = [
  {
    what: "a file whose checksum differs",
    routes: { ...RELEASE, [`/latest/download/${FILE}`]: () => new Response(`${PROGRAM}# evil`) },
    says: /its SHA-256 checksum must be [0-9a-f]{64}, found [0-9a-f]{64}$/m,
  },
  {
    what: "a release without checksums",
    routes: { [`/latest/download/${FILE}`]: () => new Response(PROGRAM) },
    says:
      /Cannot download "URL\/latest\/download\/SHA256SUMS": without checksums nothing is installed/,
  },
  {
    what: "a release whose checksums lack this platform",
    routes: {
      ...RELEASE,
      "/latest/download/SHA256SUMS": async () =>
        new Response(await createSums(PROGRAM, `${FILE}.old`)),
    },
    says: /Cannot install "marina-linux-x64": the release's SHA256SUMS does not name it/,
  },
  {
    what: "a release that is not there",
    args: ["--version", "7.7.7"],
    says: /Cannot download "URL\/download\/v7\.7\.7\/SHA256SUMS"/,
  },
  {
    what: "an executable that does not run",
    routes: {
      [`/latest/download/${FILE}`]: () => new Response("#!/bin/sh\nexit 1\n"),
      "/latest/download/SHA256SUMS": async () =>
        new Response(await createSums("#!/bin/sh\nexit 1\n")),
    },
    says: /it does not run on this machine/,
  },
  {
    what: "a platform without executable",
    programs: { uname: '#!/bin/sh\ncase "$1" in -m) echo riscv64;; *) echo Linux;; esac\n' },
    says: /Cannot install on Linux riscv64: there are executables for Linux \(x64, arm64\)/,
  },
  {
    what: "macOS on Intel",
    programs: {
      uname: '#!/bin/sh\ncase "$1" in -m) echo x86_64;; *) echo Darwin;; esac\n',
      sysctl: "#!/bin/sh\necho 0\n",
    },
    says: /Cannot install on Darwin x86_64/,
  },
  {
    what: "a Linux with musl",
    programs: { ldd: '#!/bin/sh\necho "musl libc (x86_64)" >&2\nexit 1\n' },
    says: /the executable needs glibc, found musl/,
  },
  {
    what: "a machine without curl and wget",
    only: NEEDED,
    says: /curl or wget is needed, found neither/,
  },
  {
    what: "a machine without sha256sum and shasum",
    only: [...NEEDED, "curl"],
    says: /sha256sum or shasum is needed, found neither/,
  },
  {
    what: "a copy without an address",
    env: { MARINA_BASE_URL: "" },
    says: /name an address as environment variable MARINA_BASE_URL/,
  },
  {
    what: "to choose a folder where there is no home",
    args: ["--dir="],
    programs: { id: "#!/bin/sh\necho 1000\n" },
    env: { HOME: "" },
    says: /Cannot choose a folder: HOME is not set, name one with --dir$/m,
  },
  { what: "an unknown argument", args: ["--prefix"], says: /found "--prefix"/ },
  { what: "--version without a value", args: ["--version"], says: /--version expects a value/ },
];

for (const { what, says, routes = RELEASE, ...options } of REFUSALS) {
  Deno.test(`install.sh refuses ${what}, and leaves the old one`, test, async () => {
    const outcome = await install({ routes, installed: OLD, ...options });
    strictEqual(outcome.code, 1, outcome.stdout);
    match(outcome.stderr, says);
    strictEqual(outcome.program, OLD);
    deepStrictEqual(outcome.names, ["marina"]);
  });
}

Deno.test(
  "install.sh takes a relative --dir, whatever CDPATH and a leading dash say",
  test,
  async () => {
    for (const name of ["to here", "-to"]) {
      const outcome = await install({
        routes: RELEASE,
        args: [`--dir=${name}`],
        env: { CDPATH: "." },
      });
      deepStrictEqual([outcome.code, outcome.stderr], [0, ""]);
      match(outcome.stdout, /^Installed marina 9\.1\.0 as (DIR|\S.*\/-to)\/marina$/m);
    }
  },
);

Deno.test(
  "install.sh refuses to put the executable into a folder that has its name",
  test,
  async () => {
    const outcome = await install({ routes: RELEASE, args: ["--dir=."], folder: "marina" });
    deepStrictEqual([outcome.code, outcome.stdout], [1, ""]);
    match(outcome.stderr, /Cannot install as ".*\/marina": a folder has that name/);
  },
);

Deno.test("install.sh names another Marina that the path leads to", test, async () => {
  const outcome = await install({ routes: RELEASE, programs: { marina: OLD } });
  strictEqual(outcome.code, 0, outcome.stderr);
  match(outcome.stdout, /^The path leads to another Marina: .*\/bin\/marina$/m);
});

Deno.test("install.sh does nothing when what comes through a pipe is cut off", test, async () => {
  const text = await Deno.readTextFile(SCRIPT);
  for (let end = text.indexOf("main() {"); end < text.lastIndexOf("main"); end += 97) {
    const child = new Deno.Command(await findProgram("dash"), {
      args: ["-s"],
      env: { MARINA_BASE_URL: "http://127.0.0.1:1" },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(text.slice(0, end)));
    await writer.close();
    const { stdout, stderr } = await child.output();
    const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    match(said, /^$|Syntax error/, `cut after ${end}`);
  }
});

for (
  const [system, machine, arm64, file] of [
    ["Linux", "aarch64", "0", "marina-linux-arm64"],
    ["Linux", "amd64", "0", "marina-linux-x64"],
    ["Darwin", "arm64", "1", "marina-macos-arm64"],
    ["Darwin", "x86_64", "1", "marina-macos-arm64"],
    ["MINGW64_NT-10.0", "x86_64", "0", "marina-windows-x64.exe"],
  ] as const
) {
  Deno.test(`install.sh takes ${file} on ${system} ${machine}, arm64 ${arm64}`, test, async () => {
    const { stdout, stderr, names } = await install({
      routes: {
        [`/latest/download/${file}`]: () => new Response(PROGRAM),
        "/latest/download/SHA256SUMS": async () => new Response(await createSums(PROGRAM, file)),
      },
      programs: {
        uname: `#!/bin/sh\ncase "$1" in -m) echo ${machine};; *) echo ${system};; esac\n`,
        sysctl: `#!/bin/sh\necho ${arm64}\n`,
      },
    });
    match(stdout, new RegExp(`^Downloading URL/latest/download/${file}$`, "m"), stderr);
    deepStrictEqual(names, [file.endsWith(".exe") ? "marina.exe" : "marina"]);
  });
}
