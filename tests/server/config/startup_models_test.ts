import { deepStrictEqual } from "node:assert/strict";
import { join } from "node:path";
import type { StartupModel } from "../../../server/config/mod.ts";
import { readConfig } from "./_read_config.ts";

const ROWS: readonly { text: string; expected: readonly StartupModel[] | "all" }[] = [
  { text: "all", expected: "all" },
  { text: " ALL ", expected: "all" },
  { text: "all,b.mar", expected: [{ url: "all" }, { url: "b.mar" }] },
  { text: "", expected: [] },
  { text: "a.mar, n=b.mar,", expected: [{ url: "a.mar" }, { modelName: "n", url: "b.mar" }] },
  { text: "https://a.example/x.mar?v=2", expected: [{ url: "https://a.example/x.mar?v=2" }] },
  {
    text: "n=https://a.example/x.mar?v=2",
    expected: [{ modelName: "n", url: "https://a.example/x.mar?v=2" }],
  },
  { text: "/elsewhere/c.mar", expected: [{ url: "/elsewhere/c.mar" }] },
];

Deno.test.each(ROWS)("load_models reads '$text' (§2 load_models)", async ({ text, expected }) => {
  const { config } = await readConfig([`load_models=${text}`]);
  deepStrictEqual(config.startupModels, expected);
});

Deno.test("--models takes the absolute path of a file in the model store by its name (§3 --models)", async () => {
  const store = await Deno.makeTempDir();
  try {
    const args = ["--model-store", store, "--models", join(store, "a.mar"), `n=${store}/b.mar`];
    const { config } = await readConfig([], { args });
    deepStrictEqual(config.startupModels, [{ url: "a.mar" }, { modelName: "n", url: "b.mar" }]);
  } finally {
    await Deno.remove(store, { recursive: true });
  }
});
