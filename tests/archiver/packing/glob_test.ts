import { deepStrictEqual } from "node:assert/strict";
import { join, relative } from "node:path";
import fc from "fast-check";
import { listGlobMatches } from "../../../archiver/packing/glob.ts";
import { hasPython, runPython } from "../../support/python.ts";
import { TempFolder } from "../../support/temp_folder.ts";

const NAMES = ["a.json", "b.json", ".hidden.json", "d1/x.txt", "d1/y.txt", "d2/x.txt", "[z].json"];

Deno.test.each([
  { pattern: "*.json", matches: ["[z].json", "a.json", "b.json"] },
  { pattern: ".*.json", matches: [".hidden.json"] },
  { pattern: "?.json", matches: ["a.json", "b.json"] },
  { pattern: "[!a].json", matches: ["b.json"] },
  { pattern: "[a-z].json", matches: ["a.json", "b.json"] },
  { pattern: "[z-a].json", matches: [] },
  { pattern: "[[]z].json", matches: ["[z].json"] },
  { pattern: "*/x.txt", matches: ["d1/x.txt", "d2/x.txt"] },
  { pattern: "**/x.txt", matches: ["d1/x.txt", "d2/x.txt"] },
  { pattern: "d1/*", matches: ["d1/x.txt", "d1/y.txt"] },
  { pattern: "*/", matches: ["d1", "d2"] },
  { pattern: "nothing*", matches: [] },
  { pattern: "a.json/*", matches: [] },
])("listGlobMatches() finds $matches for $pattern", async ({ pattern, matches }) => {
  await using folder = await TempFolder.create();
  for (const name of NAMES) await folder.write(name);
  const found = await listGlobMatches(`${folder.path}/${pattern}`);
  deepStrictEqual(found, matches.map((match) => folder.at(match)));
});

Deno.test({
  name: "listGlobMatches() matches what Python's glob does, for any pattern (needs python3)",
  ignore: !hasPython,
  fn: async () => {
    await using folder = await TempFolder.create();
    const names = ["a", "b", "ab", "a-b", "]", "[", "!", "^", ".a", "a]", "\\", "-", "a.b"];
    for (const name of names) await folder.write(name);
    const part = fc.constantFrom("*", "?", "[", "]", "!", "^", "-", "a", "b", ".", "\\");
    const patterns = fc.sample(fc.array(part, { minLength: 1, maxLength: 6 }), 400)
      .map((parts) => parts.join("")).filter((pattern) => !/^\.+$/.test(pattern));
    const script = "import sys,json,glob,os\nos.chdir(sys.argv[1])\n" +
      "print(json.dumps([sorted(glob.glob(p)) for p in json.loads(sys.argv[2])]))";
    const expected = await runPython(script, [folder.path, JSON.stringify(patterns)]);
    const found: string[][] = [];
    for (const pattern of patterns) {
      const paths = await listGlobMatches(join(folder.path, "/") + pattern);
      found.push(paths.map((path) => relative(folder.path, path)));
    }
    deepStrictEqual(
      found.map((row, i) => [patterns[i], row]),
      (expected as string[][]).map((row, i) => [patterns[i], row]),
    );
  },
});
