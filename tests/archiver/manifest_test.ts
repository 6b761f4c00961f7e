import { deepEqual, equal, throws } from "node:assert/strict";
import { parseManifest } from "../../archiver/manifest.ts";

Deno.test("parseManifest() reads what TorchServe's archiver writes", () => {
  const manifest = {
    createdOn: "21/11/2026 02:16:54",
    runtime: "python",
    model: {
      modelName: "m1",
      serializedFile: "model.pt",
      handler: "handler.py",
      modelFile: "model.py",
      modelVersion: "1.0",
      requirementsFile: "requirements.txt",
      configFile: "mc.yaml",
    },
    archiverVersion: "0.12.0",
  };
  deepEqual(parseManifest(JSON.stringify(manifest)), manifest);
});

Deno.test("parseManifest() gives defaults for what is absent or null", () => {
  const defaults = { runtime: "python", model: {} };
  deepEqual(parseManifest("{}"), defaults);
  deepEqual(parseManifest('{"runtime": null, "model": null, "files": null}'), defaults);
  deepEqual(parseManifest('{"model": {"handler": null}}'), defaults);
});

Deno.test("parseManifest() takes numbers and booleans in text fields as they are written", () => {
  const { model } = parseManifest('{"model": {"modelVersion": 1.10, "modelName": true}}');
  deepEqual(model, { modelVersion: "1.10", modelName: "true" });
});

Deno.test("parseManifest() reads the table of digests", () => {
  const sha256 = "ab".repeat(32);
  const { files } = parseManifest(`{"files": {"a/b": {"size": 3, "sha256": "${sha256}"}}}`);
  deepEqual([...files!], [["a/b", { size: 3, sha256 }]]);
});

Deno.test("parseManifest() is not misled by __proto__, constructor or toString", () => {
  const manifest = parseManifest(
    '{"__proto__": {"runtime": "evil", "polluted": 1}, "constructor": {"prototype": {"polluted": 1}},' +
      ' "model": {"__proto__": {"handler": "evil"}}}',
  );
  deepEqual(manifest, { runtime: "python", model: {} });
  equal(manifest.model.handler, undefined);
  equal("polluted" in {}, false);
  const sha256 = "0".repeat(64);
  const row = `{"size": 0, "sha256": "${sha256}"}`;
  const { files } = parseManifest(`{"files": {"__proto__": ${row}, "toString": ${row}}}`);
  deepEqual([...files!.keys()], ["__proto__", "toString"]);
});

Deno.test.each([
  { what: "no JSON", text: "{" },
  { what: "an array", text: "[]" },
  { what: "a number", text: "1" },
  { what: "null", text: "null" },
  { what: "a model that is a text", text: '{"model": "m"}' },
  { what: "a model that is a number", text: '{"model": 1}' },
  { what: "a name that is an object", text: '{"model": {"modelName": {}}}' },
  { what: "a runtime that is a list", text: '{"runtime": ["python"]}' },
  { what: "a line feed in a name", text: '{"model": {"modelName": "a\\nb"}}' },
  { what: "NUL in a path", text: '{"model": {"configFile": "a\\u0000b"}}' },
  { what: "a name of 5,000 characters", text: `{"model": {"modelName": "${"x".repeat(5000)}"}}` },
  { what: "33 levels", text: '{"a":'.repeat(33) + "1" + "}".repeat(33) },
  { what: "a table that is a list", text: '{"files": []}' },
  { what: "a row without size", text: '{"files": {"a": {}}}' },
  {
    what: "a negative size",
    text: `{"files": {"a": {"size": -1, "sha256": "${"0".repeat(64)}"}}}`,
  },
  { what: "half a byte", text: `{"files": {"a": {"size": 0.5, "sha256": "${"0".repeat(64)}"}}}` },
  {
    what: "a digest in capitals",
    text: `{"files": {"a": {"size": 1, "sha256": "${"A".repeat(64)}"}}}`,
  },
  { what: "a short digest", text: '{"files": {"a": {"size": 1, "sha256": "00"}}}' },
])("parseManifest() refuses $what", ({ text }) => {
  throws(() => parseManifest(text), { name: "ArchiveError", code: "manifest_invalid" });
});

Deno.test("parseManifest() refuses more than 1 MiB", () => {
  throws(() => parseManifest(" ".repeat(1024 * 1024) + "{}"), { code: "manifest_too_large" });
});

Deno.test("parseManifest() accepts brackets in texts, however many", () => {
  equal(parseManifest(`{"runtime": "${'[{\\"'.repeat(100)}"}`).runtime.length, 300);
});
