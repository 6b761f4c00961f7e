import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import { parseLabelMapping, readLabelMapping, toLabel } from "marina";
import { testdata } from "../support/started_handler.ts";

Deno.test.each([
  { title: "labels", text: '{"1": "b", "0": "a"}' },
  { title: "lists that end with the label", text: '{"0": ["n0", "a"], "1": ["b"]}' },
  { title: "object_type_names", text: '{"object_type_names": ["a", "b"]}' },
])("parseLabelMapping() reads $title", ({ text }) => {
  deepStrictEqual(parseLabelMapping(text), new Map([["0", "a"], ["1", "b"]]));
});

const WRONG_LABEL = "labels in index->name mapping must be either str or List[str]";
const WRONG_FORM = 'index->name JSON mapping should be in "class": "label" format.';
Deno.test.each([
  { text: '{"0": 5}', reason: WRONG_LABEL },
  { text: '{"0": ["a", 5]}', reason: WRONG_LABEL },
  { text: '{"0": []}', reason: WRONG_LABEL },
  { text: '{"object_type_names": [1]}', reason: WRONG_LABEL },
  { text: '["a"]', reason: WRONG_FORM },
  { text: "null", reason: WRONG_FORM },
  { text: "{", reason: "it is not JSON" },
])("parseLabelMapping() refuses $text", ({ text, reason }) => {
  throws(() => parseLabelMapping(text), {
    name: "SyntaxError",
    message: `Cannot read "index_to_name.json": ${reason}`,
  });
});

Deno.test("readLabelMapping() gives null where the archive has no names", async () => {
  strictEqual(await readLabelMapping(testdata("models")), null);
});

Deno.test("toLabel() names a class by its index without names, and refuses one that has none", () => {
  strictEqual(toLabel(3, null), "3");
  strictEqual(toLabel(3, new Map([["3", "cat"]])), "cat");
  throws(() => toLabel(4, new Map([["3", "cat"]])), RangeError);
});
