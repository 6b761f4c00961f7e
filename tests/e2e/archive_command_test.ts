import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { runMarina } from "../support/marina_process.ts";
import { TempFolder } from "../support/temp_folder.ts";

const ALWAYS = ["archive", "--model-name", "m1", "-v", "1.0"];

async function createInputs(): Promise<TempFolder> {
  const folder = await TempFolder.create();
  await folder.write("src/handler.ts", "export const handle = () => [];\n");
  await folder.write("src/handler.py");
  await folder.write("src/model.pt");
  await folder.write("src/a.json", "{}");
  return folder;
}

/** Runs in a fresh folder, and answers what was said and what lies there afterwards. */
async function archive(...args: string[]) {
  await using folder = await createInputs();
  await folder.write("out/m1.mar", "old");
  await Deno.mkdir(folder.at("empty"));
  const { code, stdout, stderr } = await runMarina([...ALWAYS, ...args], { cwd: folder.path });
  const old = await Deno.readFile(folder.at("out/m1.mar"));
  return {
    ...{ code, stdout, stderr: stderr.replaceAll(folder.path, "CWD") },
    ...{ names: await folder.list(), isOldKept: old.length === 3 },
  };
}

Deno.test("archive packs without a word into the current folder", async () => {
  const { names, isOldKept: _, ...said } = await archive("--handler", "src/handler.ts");
  deepStrictEqual(said, { code: 0, stdout: "", stderr: "" });
  deepStrictEqual(names, ["empty", "m1.mar", "out", "src"]);
});

/** The texts of torch-model-archiver, or house style where it shows a Python traceback. */
Deno.test.each([
  {
    args: ["--handler", "src/handler.py", "--model-name", "a b"],
    stderr: "ERROR - Model name contains special characters.\nThe allowed regular expression " +
      "filter for model name is: ^[A-Za-z0-9][A-Za-z0-9_\\-.]*$\n",
  },
  {
    args: ["--handler", "src/handler.py", "--export-path", "src/model.pt"],
    stderr: "ERROR - Given export-path src/model.pt is not a directory. " +
      "Point to a valid export-path directory.\n",
  },
  {
    args: ["--handler", "src/handler.py", "--export-path", "out"],
    stderr: "ERROR - out/m1.mar already exists.\nPlease specify --force/-f option to overwrite " +
      "the model archive output file.\nSee -h/--help for more details.\n",
  },
  {
    args: ["--handler", "nope.py"],
    stderr: 'ERROR - Cannot pack handler "nope.py": the file does not exist\n',
  },
  {
    args: ["--handler", "src/handler.py", "--serialized-file", "nope.pt"],
    stderr: 'ERROR - Cannot pack serialized file "nope.pt": the file does not exist\n',
  },
  {
    args: ["--handler", "src/handler.py", "--model-file", "nope.py"],
    stderr: 'ERROR - Cannot pack model file "nope.py": the file does not exist\n',
  },
  {
    args: ["--handler", "src/handler.py", "-r", "nope.txt"],
    stderr: 'ERROR - Cannot pack requirements file "nope.txt": the file does not exist\n',
  },
  {
    args: ["--handler", "src/handler.py", "-c", "nope.yaml"],
    stderr: 'ERROR - Cannot pack config file "nope.yaml": the file does not exist\n',
  },
  {
    args: ["--handler", "src/handler.py", "--extra-files", "src/a.json,src/nope.json"],
    stderr: 'ERROR - Cannot pack extra file "src/nope.json": the file does not exist\n',
  },
  {
    args: ["--handler", "src/handler.py", "--serialized-file", "src"],
    stderr: 'ERROR - Cannot pack serialized file "src": it must be a file, found a folder\n',
  },
  {
    args: ["--handler", "src/handler.py", "--export-path", "out", "-f", "-c", "nope.yaml"],
    stderr: "WARNING - Overwriting out/m1.mar ...\n" +
      'ERROR - Cannot pack config file "nope.yaml": the file does not exist\n',
  },
  {
    args: ["--handler", "src/handler.py", "--export-path", "empty/x", "-c", "nope.yaml"],
    stderr: "WARNING - Export directory (empty/x) does not exist. Creating...\n" +
      'ERROR - Cannot pack config file "nope.yaml": the file does not exist\n',
  },
  {
    args: [
      "--handler",
      "base_handler",
      "--archive-format",
      "no-archive",
      "--model-name",
      "src",
      "-f",
    ],
    stderr: 'ERROR - Cannot overwrite "CWD/src": only a folder with a manifest is replaced, ' +
      "this is none\n",
  },
])("archive exits 1 with one clear message for $args", async ({ args, stderr }) => {
  deepStrictEqual(await archive(...args), {
    code: 1,
    stdout: "",
    stderr,
    names: ["empty", "out", "src"],
    isOldKept: true,
  });
});

Deno.test.each([
  {
    args: ["--handler", "src/handler.py", "--export-path", "new/deep"],
    stderr: "WARNING - Export directory (new/deep) does not exist. Creating...\n",
  },
  {
    args: ["--handler", "src/handler.py", "--export-path", "out", "-f"],
    stderr: "WARNING - Overwriting out/m1.mar ...\n",
  },
  {
    args: ["--handler", "src/handler.py", "--extra-files", "src/*.zzz"],
    stderr: "WARNING - Given wildcard pattern did not match any file: src/*.zzz\n",
  },
])("archive warns and exits 0 for $args", async ({ args, stderr }) => {
  const outcome = await archive(...args);
  strictEqual(outcome.stderr, stderr);
  strictEqual(outcome.code, 0);
});

Deno.test.each([
  {
    args: ["archive"],
    error: "the following arguments are required: --model-name, --handler, -v/--version",
  },
  {
    args: [...ALWAYS, "--handler", "x", "--runtime", "node"],
    error: "argument --runtime: invalid choice: 'node' " +
      "(choose from 'deno', 'python', 'python3', 'LSP')",
  },
  { args: [...ALWAYS, "--handler", "x", "extra"], error: "unrecognized arguments: extra" },
])("archive exits 2 with usage for $args", async ({ args, error }) => {
  const { code, stdout, stderr } = await runMarina(args);
  strictEqual(code, 2);
  strictEqual(stdout, "");
  match(stderr, /^usage: marina archive \[-h\] --model-name MODEL_NAME\n {22}\[--serialized-file/);
  ok(stderr.endsWith(`\nmarina archive: error: ${error}\n`), stderr);
});

Deno.test("archive --help explains every option on stdout and exits 0", async () => {
  const { code, stdout, stderr } = await runMarina(["archive", "--help"]);
  deepStrictEqual({ code, stderr }, { code: 0, stderr: "" });
  for (
    const flag of [
      ...["-h, --help", "--model-name", "--serialized-file", "--model-file", "--handler"],
      ...["--extra-files", "--runtime", "--export-path", "--archive-format", "-f, --force"],
      ...["-v VERSION, --version", "-r REQUIREMENTS_FILE, --requirements-file"],
      ...["-c CONFIG_FILE, --config-file"],
    ]
  ) ok(stdout.includes(`\n  ${flag}`), flag);
});

Deno.test("archive gives the same bytes in another folder and time zone", async () => {
  await using folder = await createInputs();
  const archives: Uint8Array[] = [];
  for (const [cwd, zone] of [["src", "America/St_Johns"], ["src/..", "Asia/Tokyo"]] as const) {
    const handler = cwd === "src" ? "handler.ts" : "src/handler.ts";
    const args = [...ALWAYS, "--handler", handler, "--extra-files", folder.at("src/*.json")];
    const env = { TZ: zone };
    for (const format of ["default", "tgz"]) {
      const outcome = await runMarina([...args, "--archive-format", format, "--export-path", "."], {
        cwd: folder.at(cwd),
        env,
      });
      deepStrictEqual(outcome, { code: 0, stdout: "", stderr: "" });
    }
    archives.push(await Deno.readFile(folder.at(`${cwd}/m1.mar`)));
    archives.push(await Deno.readFile(folder.at(`${cwd}/m1.tar.gz`)));
  }
  deepStrictEqual(archives[2], archives[0]);
  deepStrictEqual(archives[3], archives[1]);
});

Deno.test("archive takes every timestamp from SOURCE_DATE_EPOCH", async () => {
  await using folder = await createInputs();
  const args = [...ALWAYS, "--handler", "src/handler.ts", "--archive-format", "no-archive"];
  const run = (epoch: string) =>
    runMarina(args, { cwd: folder.path, env: { SOURCE_DATE_EPOCH: epoch } });
  deepStrictEqual(await run("1e9"), {
    code: 1,
    stdout: "",
    stderr: 'ERROR - Cannot use SOURCE_DATE_EPOCH "1e9": it must be a whole number of seconds ' +
      "since 1970\n",
  });
  strictEqual((await run("1000000000")).code, 0);
  const text = await Deno.readTextFile(folder.at("m1/MAR-INF/MANIFEST.json"));
  strictEqual(JSON.parse(text).createdOn, "09/09/2001 01:46:40");
  strictEqual((await Deno.stat(folder.at("m1/handler.js"))).mtime!.getTime(), 1e12);
});
