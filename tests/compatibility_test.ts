/** `docs/compatibility.md` has every row there is, and each row names tests that there are. */
import { deepStrictEqual, ok } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { rowOf, type SettingName, SETTINGS } from "../server/config/mod.ts";
import { listTableRows } from "./support/markdown_tables.ts";
import { parseTestTitles } from "./support/test_titles.ts";

interface Rows {
  readonly features: readonly string[];
  /** What TorchServe does, by the trap's number. */
  readonly traps: Readonly<Record<string, string>>;
  /** Rows by the number of their section. */
  readonly sections: Readonly<Record<string, readonly string[]>>;
}

/** A test, as a row names it. */
interface Reference {
  readonly path: string;
  readonly title: string;
}

const ROOT = new URL("../", import.meta.url);
const ROWS: Rows = JSON.parse(
  await Deno.readTextFile(new URL("tests/testdata/compatibility/rows.json", ROOT)),
);
const TABLES = listTableRows(
  await Deno.readTextFile(new URL("docs/compatibility.md", ROOT)),
);
const VERDICTS = ["same", "better", "different", "not yet", "not applicable"];
/** Of these there is nothing to show. */
const ABSENT = ["not yet", "not applicable"];
const REFERENCE_REGEXP = /\[\w+\]\(\.\.\/(tests\/[\w/]+_test\.ts)\): `([^`]+)`/g;

function parseReferences(cell: string): Reference[] {
  return [...cell.matchAll(REFERENCE_REGEXP)].map(([, path, title]) => ({
    path: path!,
    title: title!,
  }));
}

/** A title names a row in words of its own, as `(§1.6, T13)` or `(§2 job_queue_size)`. */
function isNamed(title: string, name: string): boolean {
  const text = name.replaceAll(".", "\\.");
  return new RegExp(`(?<![\\w.])${text}(?![\\w.]*\\w)`).test(title);
}

function assertShown(name: string, verdict: string, cell: string): void {
  ok(VERDICTS.includes(verdict), `${name}: "${verdict}" is no verdict`);
  const references = parseReferences(cell);
  if (ABSENT.includes(verdict)) return;
  ok(references.length > 0, `${name}: no test is named`);
  for (const { title } of references) ok(isNamed(title, name), `"${title}" does not name ${name}`);
}

Deno.test("docs/compatibility.md says of each feature of TorchServe how it is here", () => {
  const found = TABLES.get("Features")!.filter(([, verdict]) => verdict !== "");
  const told = new Map(found.map(([feature, verdict, reason]) => [feature, [verdict, reason]]));
  for (const feature of ROWS.features) {
    const [verdict, reason] = told.get(feature) ?? [];
    ok(VERDICTS.includes(verdict ?? ""), `${feature}: "${verdict}" is no verdict`);
    ok(reason, `${feature}: no reason`);
  }
});

Deno.test("docs/compatibility.md has each trap, and tests that name it", () => {
  const rows = TABLES.get("Traps")!;
  deepStrictEqual(Object.fromEntries(rows.map(([trap, said]) => [trap, said])), ROWS.traps);
  deepStrictEqual(Object.keys(ROWS.traps), Array.from({ length: 46 }, (_, i) => `T${i + 1}`));
  for (const [trap, , verdict, ours, tests] of rows) {
    ok(ours, `${trap}: what happens here is not said`);
    assertShown(trap!, verdict!, tests!);
  }
});

for (const [section, said] of Object.entries(ROWS.sections)) {
  Deno.test(`docs/compatibility.md has each row of ${section}, and tests that name the section`, () => {
    const heading = [...TABLES.keys()].find((key) => key.startsWith(`${section} `));
    const rows = TABLES.get(heading ?? "") ?? [];
    deepStrictEqual(rows.map(([row]) => row), said);
    for (const [, verdict, tests] of rows) assertShown(section, verdict!, tests!);
  });
}

Deno.test("docs/compatibility.md names for each setting a test that shows what it does (§2)", () => {
  const rows = TABLES.get("Settings that have an effect")!;
  const used = (Object.keys(SETTINGS) as SettingName[])
    .filter((name) => rowOf(name).kind !== "idle");
  deepStrictEqual(rows.map(([setting]) => setting!.replaceAll("`", "")).sort(), used.sort());
  for (const [setting, tests] of rows) {
    assertShown(setting!.replaceAll("`", ""), "same", tests!);
  }
});

Deno.test("docs/compatibility.md names only tests that there are", async () => {
  const references = [...TABLES.values()].flat(2).flatMap(parseReferences);
  ok(references.length > 100, "the references are not read");
  const titlesByPath = new Map<string, readonly string[]>();
  for (const { path, title } of references) {
    const titles = titlesByPath.get(path) ??
      parseTestTitles(await Deno.readTextFile(fileURLToPath(new URL(path, ROOT))));
    titlesByPath.set(path, titles);
    ok(titles.includes(title), `${path} has no test "${title}"`);
  }
});

Deno.test("parseTestTitles() finds titles of calls, objects, tables and loops, and no others", () => {
  const source = [
    'Deno.test("a (b) \\"c\\"", () => {});',
    'Deno.test({ ignore: f({ name: "no" }), name: `d ${e("f")} g`, fn() {} });',
    'Deno.test.each([{ name: "(" }])(\n  "h $name",\n  ({ name }) => {},\n);',
    '// Deno.test("no", () => {});',
    "const text = 'Deno.test(\"no\", () => {})';",
    "Deno.test(computed, () => {});",
  ].join("\n");
  deepStrictEqual(parseTestTitles(source), ['a (b) "c"', 'd ${e("f")} g', "h $name"]);
});

Deno.test("listTableRows() answers the cells of each heading's tables, without their heads", () => {
  const markdown = "# A\n\n| x | y |\n| - | :-: |\n| 1 | `a\\|b` |\n\n## B\n\ntext | no table\n";
  deepStrictEqual([...listTableRows(markdown)], [["A", [["1", "`a|b`"]]], ["B", []]]);
});
