import { deepStrictEqual, match, ok, throws } from "node:assert/strict";
import { createServeHelp, parseServeFlags, type ServeFlags } from "../../../server/config/mod.ts";

const NOTHING: ServeFlags = {
  task: "serve",
  isStart: false,
  foreground: false,
  tsConfig: undefined,
  insecure: false,
  noSnapshots: false,
  watch: false,
  settings: [],
  warnings: [],
};

function setting(name: string, text: string, flag: string): Partial<ServeFlags> {
  return { settings: [{ name, text, flag }] } as Partial<ServeFlags>;
}

const ROWS: readonly { args: string[]; expected: Partial<ServeFlags> }[] = [
  { args: [], expected: {} },
  { args: ["--model-store", "d"], expected: setting("model_store", "d", "--model-store") },
  { args: ["--model-store=d=e"], expected: setting("model_store", "d=e", "--model-store") },
  { args: ["--model-s", "d"], expected: setting("model_store", "d", "--model-store") },
  { args: ["--model-st=d"], expected: setting("model_store", "d", "--model-store") },
  {
    args: ["--models", "a=a.mar", "b.mar", "--ncs"],
    expected: { ...setting("load_models", "a=a.mar,b.mar", "--models"), noSnapshots: true },
  },
  { args: ["--models=all"], expected: setting("load_models", "all", "--models") },
  { args: ["--models", "a", "--models", "b"], expected: setting("load_models", "b", "--models") },
  { args: ["--ts-config", "f", "--ts", "g"], expected: { tsConfig: "g" } },
  {
    args: ["--disable-token-auth"],
    expected: setting("disable_token_authorization", "true", "--disable-token-auth"),
  },
  { args: ["--dt"], expected: setting("disable_token_authorization", "true", "--dt") },
  {
    args: ["--enable-model-api"],
    expected: setting("enable_model_api", "true", "--enable-model-api"),
  },
  { args: ["--workflow-store", "w"], expected: setting("workflow_store", "w", "--workflow-store") },
  { args: ["--ppath", "p"], expected: setting("plugins_path", "p", "--ppath") },
  { args: ["--cpp-log-config", "c"], expected: setting("cpp_log_config", "c", "--cpp-log-config") },
  {
    args: ["--log-config", "l.xml"],
    expected: {
      warnings: ["Flag --log-config has no effect: log files have one form, without Log4j"],
    },
  },
  { args: ["--log-format", "json"], expected: setting("log_format", "json", "--log-format") },
  { args: ["--insecure"], expected: { insecure: true } },
  { args: ["--watch"], expected: { watch: true } },
  { args: ["--no-config-snapshots"], expected: { noSnapshots: true } },
  { args: ["--start"], expected: { isStart: true } },
  { args: ["--start", "--foreground"], expected: { isStart: true, foreground: true } },
  { args: ["--stop"], expected: { task: "stop" } },
  { args: ["--stop", "--foreground"], expected: { task: "stop", foreground: true } },
  { args: ["-v"], expected: { task: "version" } },
  { args: ["--version"], expected: { task: "version" } },
  { args: ["--print-config"], expected: { task: "print_config" } },
  { args: ["--dry-run"], expected: { task: "dry_run" } },
  { args: ["-h"], expected: { task: "help" } },
];

Deno.test.each(ROWS)("parseServeFlags() reads $args (§3)", ({ args, expected }) => {
  deepStrictEqual(parseServeFlags(args), { ...NOTHING, ...expected });
});

Deno.test.each([
  { args: ["--nope"], message: "unrecognized arguments: --nope" },
  { args: ["stray", "-x"], message: "unrecognized arguments: stray -x" },
  {
    args: ["--model", "x"],
    message: "ambiguous option: --model could match --model-store, --models",
  },
  { args: ["--model-store"], message: "argument --model-store: expected one argument" },
  { args: ["--model-store", "--ncs"], message: "argument --model-store: expected one argument" },
  { args: ["--models", "--ncs"], message: "argument --models: expected at least one argument" },
  {
    args: ["--ncs=1"],
    message: "argument --ncs/--no-config-snapshots: ignored explicit argument '1'",
  },
  { args: ["--start", "--stop"], message: "argument --stop: not allowed with argument --start" },
  {
    args: ["--version", "--start"],
    message: "argument --version/-v: not allowed with argument --start",
  },
])("parseServeFlags() refuses $args: $message (§3)", ({ args, message }) => {
  throws(() => parseServeFlags(args), { name: "UsageError", message });
});

Deno.test("createServeHelp() names every flag, in groups and within 100 columns", () => {
  const help = createServeHelp();
  for (
    const flag of ["--model-store DIR", "--models MODEL ...", "--ts-config FILE", "--insecure"]
  ) {
    match(help, new RegExp(`^ +${flag} `, "m"));
  }
  for (const group of ["Models", "Configuration", "Exposure", "Process"]) {
    match(help, new RegExp(`^${group}:$`, "m"));
  }
  ok(help.split("\n").every((line) => line.length <= 100), help);
});
