/** The titles of the tests of a source, as they are written there. */
import { scanSource } from "../../scripts/scan_source.ts";

const TEST_REGEXP = /\bDeno\s*\.\s*test\b/g;

/**
 * Answers the title of each `Deno.test(…)`, `Deno.test({ name: … })` and `Deno.test.each(…)(…)`.
 *
 * Nothing is run: of a title that a table or a loop makes, the text is answered with its places,
 * `$key`, `%s` or `${name}`, as they stand in the source. A title that is no literal is left out.
 */
export function parseTestTitles(source: string): string[] {
  const { code } = scanSource(source);
  return [...code.matchAll(TEST_REGEXP)].flatMap(({ index }) => {
    const title = readTitle(source, code, index);
    return title === undefined ? [] : [title];
  });
}

/** The last of the calls that follow each other is the one with the title. */
function readTitle(source: string, code: string, from: number): string | undefined {
  let opening = code.indexOf("(", from);
  while (opening >= 0) {
    const next = /^\s*\(/.exec(code.slice(endOfBrackets(code, opening)));
    if (next === null) break;
    opening = endOfBrackets(code, opening) + next[0].length - 1;
  }
  let at = opening + 1;
  while (/\s/.test(code[at] ?? "")) at++;
  if (code[at] === "{") {
    const value = findValue(code, at, "name");
    if (value === undefined) return undefined;
    at = value;
  }
  return readLiteral(source, code, at);
}

/** Just after the bracket that closes the one at `opening`; strings are blank in `code`. */
function endOfBrackets(code: string, opening: number): number {
  let depth = 0;
  for (let at = opening; at < code.length; at++) {
    if ("([{".includes(code[at]!)) depth++;
    if (")]}".includes(code[at]!) && --depth === 0) return at + 1;
  }
  return code.length;
}

/** Where the value of an object's own key begins. */
function findValue(code: string, opening: number, key: string): number | undefined {
  const regexp = new RegExp(`(?<![\\w.])${key}:\\s*`, "y");
  let depth = 0;
  for (let at = opening; at < code.length; at++) {
    if ("([{".includes(code[at]!)) depth++;
    if (")]}".includes(code[at]!) && --depth === 0) return undefined;
    regexp.lastIndex = at;
    if (depth === 1 && regexp.test(code)) return regexp.lastIndex;
  }
}

function readLiteral(source: string, code: string, at: number): string | undefined {
  const quote = code[at]!;
  if (!"\"'`".includes(quote)) return undefined;
  const end = code.indexOf(quote, at + 1);
  return source.slice(at + 1, end).replaceAll(/\\(.)/g, "$1");
}
