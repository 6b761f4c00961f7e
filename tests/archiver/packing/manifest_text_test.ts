import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { toManifestText } from "../../../archiver/packing/manifest_text.ts";
import { parseManifest } from "../../../archiver/manifest.ts";
import { hasPython, runPython } from "../../support/python.ts";

const DIGEST = { size: 3, sha256: "a".repeat(64) };

Deno.test("toManifestText() writes TorchServe's keys in its order, files last", () => {
  const text = toManifestText({
    archiverVersion: "0.1.0",
    model: {
      configFile: "mc.yaml",
      requirementsFile: "requirements.txt",
      modelVersion: "1.0",
      modelFile: "model.py",
      handler: "h\u00e9.py",
      serializedFile: "model.pt",
      modelName: "m1",
    },
    runtime: "python",
    createdOn: "21/11/2026 02:16:54",
    files: new Map([["b", DIGEST]]),
  });
  strictEqual(
    text,
    `{
  "createdOn": "21/11/2026 02:16:54",
  "runtime": "python",
  "model": {
    "modelName": "m1",
    "serializedFile": "model.pt",
    "handler": "h\\u00e9.py",
    "modelFile": "model.py",
    "modelVersion": "1.0",
    "requirementsFile": "requirements.txt",
    "configFile": "mc.yaml"
  },
  "archiverVersion": "0.1.0",
  "files": {
    "b": {
      "size": 3,
      "sha256": "${DIGEST.sha256}"
    }
  }
}`,
  );
});

Deno.test("toManifestText() leaves out what the model does not have", () => {
  const model = { modelName: "m", handler: "base_handler" };
  deepStrictEqual(JSON.parse(toManifestText({ runtime: "deno", model })), {
    runtime: "deno",
    model,
  });
});

Deno.test("toManifestText() keeps the order of names that an object would move or lose", () => {
  const names = ["b", "10", "__proto__", "9"];
  const files = new Map(names.map((name) => [name, DIGEST]));
  const text = toManifestText({ runtime: "deno", model: {}, files });
  const found = [...text.matchAll(/^ {4}"(.+)": \{$/gm)].map(([, name]) => name);
  deepStrictEqual(found, names);
});

Deno.test("toManifestText() is ASCII and read back with any file names", () => {
  fc.assert(fc.property(fc.uniqueArray(fc.string({ unit: "binary" })), (names) => {
    const files = new Map(names.map((name) => [name, DIGEST]));
    const text = toManifestText({ runtime: "deno", model: {}, files });
    // deno-lint-ignore no-control-regex -- ASCII is what is asked for
    match(text, /^[\x00-\x7e]*$/);
    // "__proto__" is an own key to JSON.parse, and parseManifest reads own keys.
    deepStrictEqual(new Set(parseManifest(text).files?.keys()), new Set(names));
  }));
});

Deno.test({
  name: "toManifestText() writes the bytes that Python's json.dumps writes (needs python3)",
  ignore: !hasPython,
  fn: async () => {
    const names = fc.sample(fc.string({ unit: "grapheme" }), 200);
    const texts = names.map((name) => {
      const model = { modelName: name, handler: '"\\/\b\f\n\r\t\x00\x1f\x7f\u2028' };
      return toManifestText({ runtime: "deno", model, files: new Map([[name, DIGEST]]) });
    });
    const script = "import sys,json\n" +
      "print(json.dumps([json.dumps(json.loads(t), indent=2) for t in json.loads(sys.argv[1])]))";
    deepStrictEqual(await runPython(script, [JSON.stringify(texts)]), texts);
  },
});
