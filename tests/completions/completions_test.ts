/** The scripts in the real shells, and the tables beside the commands' own help texts. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import {
  createBashScript,
  createCompletionTable,
  createFishScript,
  createZshScript,
} from "../../completions/mod.ts";
import { runMarina } from "../support/marina_process.ts";

const TABLE = createCompletionTable();

/** Runs a shell with a script file `$1` in a folder with `a model.mar`, `store/`. */
async function runShell(
  program: string,
  flags: readonly string[],
  script: string,
  text: string,
): Promise<string> {
  const dir = await Deno.makeTempDir();
  try {
    await Deno.mkdir(join(dir, "here", "store"), { recursive: true });
    await Deno.writeTextFile(join(dir, "here", "a model.mar"), "");
    await Deno.writeTextFile(join(dir, "script"), script);
    const { stdout, stderr, success } = await new Deno.Command(program, {
      // The first argument after the text is the program's name in bash and zsh.
      args: [...flags, "-c", text, ...program === "fish" ? [] : [program], join(dir, "script")],
      cwd: join(dir, "here"),
      env: { HOME: dir, XDG_CONFIG_HOME: dir, TERM: "dumb" },
      stdin: "null",
    }).output();
    ok(success, new TextDecoder().decode(stderr));
    return new TextDecoder().decode(stdout);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

function hasShell(program: string): boolean {
  try {
    return new Deno.Command(program, { args: ["-c", ":"], stderr: "null" }).outputSync().success;
  } catch {
    return false;
  }
}

/** What is proposed for the last word. */
async function completeInBash(...words: string[]): Promise<string[]> {
  const quoted = words.map((word) => `'${word}'`).join(" ");
  const out = await runShell(
    "bash",
    ["--norc"],
    createBashScript(TABLE),
    `source "$1"; complete -p marina >&2
COMP_WORDS=(${quoted}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
_marina; printf '%s\\n' "\${COMPREPLY[@]}"`,
  );
  return out.split("\n").filter((line) => line !== "");
}

async function completeInFish(line: string): Promise<string[]> {
  const out = await runShell(
    "fish",
    ["--no-config"],
    createFishScript(TABLE),
    [
      `source $argv[1]`,
      `complete -C '${line}'`,
    ].join("; "),
  );
  return out.split("\n").filter((row) => row !== "").map((row) => row.split("\t")[0]!);
}

const CASES: readonly { words: readonly string[]; proposed: readonly string[] }[] = [
  { words: [""], proposed: [...TABLE.map(({ name }) => name), "--help", "--version"] },
  { words: ["ar"], proposed: ["archive"] },
  { words: ["archive", "--runtime", ""], proposed: ["deno", "python", "python3", "LSP"] },
  { words: ["archive", "--runtime", "=", "den"], proposed: ["deno"] },
  {
    words: ["archive", "--archive-format", "="],
    proposed: ["tgz", "no-archive", "zip-store", "default"],
  },
  { words: ["archive", "--serialized-file", "a"], proposed: ["a model.mar"] },
  { words: ["archive", "--model-name", ""], proposed: [] },
  { words: ["archive", "--export-path", ""], proposed: ["store"] },
  { words: ["inspect", "--v"], proposed: ["--verify"] },
  { words: ["inspect", ""], proposed: ["a model.mar", "store"] },
  { words: ["serve", "--model-s"], proposed: ["--model-store"] },
  { words: ["serve", "--model-store", "s"], proposed: ["store"] },
  { words: ["completions", "z"], proposed: ["zsh"] },
  { words: ["nothing", ""], proposed: [] },
];

for (const { words, proposed } of CASES) {
  Deno.test({
    name: `completions bash proposes [${proposed}] after "marina ${words.join(" ")}"`,
    ignore: !hasShell("bash"),
    fn: async () => {
      deepStrictEqual((await completeInBash("marina", ...words)).sort(), [...proposed].sort());
    },
  });
}

for (
  const [line, proposed] of [
    ["marina ar", ["archive"]],
    ["marina archive --runtime ", ["deno", "python", "python3", "LSP"]],
    ["marina archive --export-path ", ["store/"]],
    ["marina inspect --v", ["--verify"]],
    ["marina serve --model-s", ["--model-store"]],
    ["marina completions z", ["zsh"]],
  ] as const
) {
  Deno.test({
    name: `completions fish proposes [${proposed}] after "${line}"`,
    ignore: !hasShell("fish"),
    fn: async () => {
      deepStrictEqual((await completeInFish(line)).sort(), [...proposed].sort());
    },
  });
}

Deno.test({
  name: "completions zsh is a function of zsh for marina, and asks its own _arguments for flags",
  ignore: !hasShell("zsh"),
  fn: async () => {
    // Zle needs a terminal: what the function hands to zsh's own functions is shown instead.
    const out = await runShell(
      "zsh",
      ["-f"],
      createZshScript(TABLE),
      `autoload -U compinit; compinit -u -D; source "$1"
print -- "for marina: $_comps[marina]"
_describe() { print -l -- "$commands[@]"; }
_arguments() { print -l -- "$@"; }
words=(marina ""); CURRENT=2; _marina
words=(marina archive ""); CURRENT=3; _marina`,
    );
    match(out, /^for marina: _marina$/m);
    match(out, /^inspect:Show what an archive holds; --verify proves every digest$/m);
    match(
      out,
      /^\(--runtime\)--runtime=\[What runs the handler\]:text:\(deno python python3 LSP\)$/m,
    );
    match(out, /^\(-f --force\)-f\[/m);
    match(out, /^\(--export-path\)--export-path=\[.*\]:folder:_files -\/$/m);
  },
});

Deno.test("completions know each command of marina --help, and each flag of its help text", async () => {
  const { stdout } = await runMarina(["--help"]);
  const commands = [...stdout.matchAll(/^ {2}([a-z]\w*) /gm)].map((found) => found[1]!);
  deepStrictEqual(TABLE.map(({ name }) => name).sort(), commands.sort());
  for (const { name, flags } of TABLE) {
    const help = await runMarina([name, "--help"]);
    strictEqual(help.code, 0);
    const known = flags.flatMap(({ names }) => names);
    const shown = [...help.stdout.matchAll(/^ {2}(-.*?)(?: {2}|$)/gm)]
      .flatMap(([, usage]) => [...usage!.matchAll(/(?<![\w-])--?[a-z][\w-]*/g)])
      .map(([flag]) => flag);
    for (const flag of shown) ok(known.includes(flag), `${name} ${flag} is not completed`);
    for (const flag of known) {
      ok(help.stdout.includes(flag) || flag === "-h" || flag === "--help", flag);
    }
  }
});

Deno.test("completions refuses an unknown shell and names the known ones", async () => {
  const { code, stdout, stderr } = await runMarina(["completions", "tcsh"]);
  deepStrictEqual([code, stdout], [2, ""]);
  match(
    stderr,
    /^marina completions: error: Cannot complete for "tcsh": known shells are "bash", "zsh", "fish"$/m,
  );
});
