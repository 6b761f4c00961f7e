import { deepStrictEqual, match, throws } from "node:assert/strict";
import { createServeHelp, parseServeFlags, type ServeFlags } from "../../../server/config/mod.ts";

const NOTHING: ServeFlags = {
  modelStore: undefined,
  models: undefined,
  tsConfig: undefined,
  disableTokenAuth: false,
  enableModelApi: false,
  insecure: false,
  help: false,
};

const ROWS: readonly { args: string[]; expected: Partial<ServeFlags> }[] = [
  { args: [], expected: {} },
  { args: ["--model-store", "d"], expected: { modelStore: "d" } },
  { args: ["--model-store=d=e"], expected: { modelStore: "d=e" } },
  { args: ["--model-s", "d"], expected: { modelStore: "d" } },
  { args: ["--model-st=d"], expected: { modelStore: "d" } },
  { args: ["--models", "a=a.mar", "b.mar", "--ncs"], expected: { models: ["a=a.mar", "b.mar"] } },
  { args: ["--models=all"], expected: { models: ["all"] } },
  { args: ["--models", "a", "--models", "b"], expected: { models: ["b"] } },
  { args: ["--ts-config", "f", "--ts", "g"], expected: { tsConfig: "g" } },
  { args: ["--disable-token-auth"], expected: { disableTokenAuth: true } },
  { args: ["--dt"], expected: { disableTokenAuth: true } },
  { args: ["--enable-model-api"], expected: { enableModelApi: true } },
  { args: ["--insecure"], expected: { insecure: true } },
  { args: ["--start", "--foreground", "--no-config-snapshots"], expected: {} },
  { args: ["-h"], expected: { help: true } },
];

Deno.test.each(ROWS)("parseServeFlags() reads $args", ({ args, expected }) => {
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
])("parseServeFlags() refuses $args: $message", ({ args, message }) => {
  throws(() => parseServeFlags(args), { name: "UsageError", message });
});

Deno.test("createServeHelp() names every flag", () => {
  for (
    const flag of ["--model-store DIR", "--models MODEL ...", "--ts-config FILE", "--insecure"]
  ) {
    match(createServeHelp(), new RegExp(`^ +${flag} `, "m"));
  }
});
