import { deepStrictEqual, ok } from "node:assert/strict";
import denoConfig from "../../deno.json" with { type: "json" };
import { ENGINE_FLAG, UNSTABLE_FLAGS } from "../../server/own_flags.ts";

Deno.test("ENGINE_FLAG is what `deno task serve` starts the checkout with", () => {
  ok(denoConfig.tasks.serve.split(" ").includes(ENGINE_FLAG), denoConfig.tasks.serve);
});

Deno.test("UNSTABLE_FLAGS are what deno.json says of unstable features", () => {
  deepStrictEqual(UNSTABLE_FLAGS, denoConfig.unstable.map((name) => `--unstable-${name}`));
});
