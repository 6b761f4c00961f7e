/** What the documents say is run: see support/doc_runner.ts for what happens to each kind of block. */
import { deepStrictEqual, ok } from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseDocBlocks } from "./support/doc_blocks.ts";
import { DocRunner, findMissingTool } from "./support/doc_runner.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const DOCUMENTS = [
  "README.md",
  "CONTRIBUTING.md",
  "SECURITY.md",
  "CHANGELOG.md",
  ...listMarkdown("deploy"),
  ...listMarkdown("docs"),
  ...listMarkdown("examples"),
];

function listMarkdown(folder: string): string[] {
  return [...Deno.readDirSync(join(ROOT, folder))].flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) return listMarkdown(path);
    return entry.name.endsWith(".md") ? [path] : [];
  }).sort();
}

const missingTool = await findMissingTool();

for (const path of DOCUMENTS) {
  const markdown = Deno.readTextFileSync(join(ROOT, path));
  const blocks = parseDocBlocks(markdown);
  if (blocks.length > 0) {
    const reason = missingTool === undefined ? "" : ` (skipped: ${missingTool} is not installed)`;
    Deno.test({
      name: `${path} does what its code blocks show${reason}`,
      ignore: missingTool !== undefined,
      async fn(t) {
        await using runner = await DocRunner.start();
        for (const block of blocks) {
          const name = `line ${block.line}, ${block.language}`;
          // A block needs those before it: the first that fails is the one to read.
          if (!(await t.step(name, () => runner.check(block)))) break;
        }
      },
    });
  }

  Deno.test(`${path} links only to files that exist`, () => {
    const broken = [...markdown.matchAll(/\]\(([^)#\s]+)[^)]*\)|<img[^>]+src="([^"]+)"/g)]
      .map((match) => match[1] ?? match[2]!)
      .filter((target) => !/^(?:https?|mailto):/.test(target))
      .filter((target) => !existsSync(join(ROOT, dirname(path), target)));
    deepStrictEqual(broken, []);
  });
}

function existsSync(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

Deno.test("README.md names every package of the import map, with its version", async () => {
  const readme = await Deno.readTextFile(join(ROOT, "README.md"));
  const { imports } = JSON.parse(await Deno.readTextFile(join(ROOT, "deno.json")));
  for (const target of Object.values(imports as Record<string, string>)) {
    const [, name, version] = /^npm:(.+)@([^@]+)$/.exec(target) ?? [];
    if (name === undefined) continue;
    const row = readme.split("\n").find((line) => line.startsWith(`| \`${name}\` ${version} `));
    ok(row !== undefined, `README.md lacks a row for ${name} ${version}`);
  }
});

Deno.test("parseDocBlocks() finds the blocks with language, file, line and indentation", () => {
  const markdown = "a\n```sh\necho 1\n```\n- b\n  ````ts file=x.ts\n  ```\n  c\n  ````\n";
  deepStrictEqual(parseDocBlocks(markdown), [
    { language: "sh", file: undefined, text: "echo 1\n", line: 2 },
    { language: "ts", file: "x.ts", text: "```\nc\n", line: 6 },
  ]);
});
