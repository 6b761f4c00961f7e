import { ok, strictEqual, throws } from "node:assert/strict";
import { replaceSettings } from "../../scripts/settings_table.ts";
import { SETTINGS } from "../../server/config/mod.ts";

const DOCUMENT = new URL("../../docs/configuration.md", import.meta.url);

Deno.test("docs/configuration.md lists every setting as it is read (else: deno run -A scripts/settings_table.ts)", async () => {
  const document = await Deno.readTextFile(DOCUMENT);
  strictEqual(document, replaceSettings(document));
  for (const name of Object.keys(SETTINGS).filter((name) => name !== "model_snapshot")) {
    ok(document.includes(`| \`${name}\` `), name);
  }
});

Deno.test("replaceSettings() refuses a document without a place for them", () => {
  throws(() => replaceSettings("# Configuration\n"), /must be there$/);
});
