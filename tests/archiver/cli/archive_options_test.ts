import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { parseArchiveArguments } from "../../../archiver/cli/mod.ts";

const REQUIRED = ["--model-name", "m", "--handler", "h.ts", "-v", "1"];

Deno.test("parseArchiveArguments() leaves every prefix of TorchServe's options to them: --c is --config-file", () => {
  const config = parseArchiveArguments([...REQUIRED, "--c", "x.yaml"]);
  if (config === "help") throw new Error("no help was asked for");
  strictEqual(config.configFile, "x.yaml");
  deepStrictEqual([config.check, config.bundle], [false, true]);
});

Deno.test("parseArchiveArguments() reads --check and --no-bundle", () => {
  const config = parseArchiveArguments([...REQUIRED, "--check", "--no-bundle"]);
  if (config === "help") throw new Error("no help was asked for");
  deepStrictEqual([config.check, config.bundle], [true, false]);
});
