import { strictEqual } from "node:assert/strict";
import { hidePaths } from "../../../server/scheduling/hide_paths.ts";

Deno.test.each([
  { text: "Cannot open /srv/marina/libs/libx.so: gone", hidden: "Cannot open libx.so: gone" },
  { text: "at file:///opt/marina/server/a.ts:3:7", hidden: "at a.ts:3:7" },
  { text: 'Module not found "file:///C:/Users/me/h.ts".', hidden: 'Module not found "h.ts".' },
  { text: "(C:\\Users\\me\\x.dll)", hidden: "(x.dll)" },
  { text: "/home/me/.cache/a/b", hidden: "b" },
])("hidePaths() keeps the last segment alone of the path in $text", ({ text, hidden }) => {
  strictEqual(hidePaths(text), hidden);
});

Deno.test.each([
  { text: "expected text/plain" },
  { text: "see https://example.org/a/b" },
  { text: "1/2 of 3 / 4" },
  { text: "labels/names.txt is missing" },
])("hidePaths() leaves alone $text", ({ text }) => strictEqual(hidePaths(text), text));
