import { scanSource } from "../scan_source.ts";
import type { Dependency, Span } from "./module_graph.ts";

/** A piece of a text and what takes its place. */
interface Replacement {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

const RESOLVE_CALL_REGEXP = /\bimport\.meta\.resolve\(\s*(?=")/g;
const OTHER_RESOLVE_CALL_REGEXP = /\bimport\.meta\.resolve\(\s*(?!")/;
const URL_CALL_REGEXP = /\bnew\s+URL\(\s*(?=")/g;

/** True for what only an import map can resolve. */
export function isBareSpecifier(specifier: string): boolean {
  return !/^(?:\.{0,2}\/|[a-z]+:)/.test(specifier);
}

/**
 * Gives each import of a bare specifier the target that it leads to.
 *
 * A specifier that stands in several places is replaced in the first of each kind: the runtime tells no
 * more. So the caller asks it again, until none is left.
 *
 * @param toTarget What stands for a specifier in this module.
 * @throws {Error} If a specifier is not at the place that the runtime names.
 */
export function rewriteImports(
  source: string,
  dependencies: readonly Dependency[],
  toTarget: (specifier: string) => string,
): string {
  const lineStarts = listLineStarts(source);
  const toOffset = ({ line, character }: Span["start"]) => lineStarts[line]! + character;
  const replacements = new Map<number, Replacement>();
  for (const { specifier, code, type } of dependencies) {
    for (const resolved of [code, type]) {
      if (resolved === undefined) continue;
      const { start, end } = resolved.span;
      const [from, to] = [toOffset(start), toOffset(end)];
      const written = source.slice(from + 1, to - 1);
      // The place of a type may be that of another specifier: the package that holds the types.
      if (!isBareSpecifier(written)) continue;
      if (written !== specifier && resolved === code) {
        throw new Error(`Cannot replace "${specifier}": found "${written}" at its place`);
      }
      replacements.set(from, { from, to, text: `"${toTarget(written)}"` });
    }
  }
  return replace(source, [...replacements.values()]);
}

/**
 * Gives each `import.meta.resolve("…")` of a package the package's own specifier.
 *
 * @param toTarget What stands for a specifier; undefined leaves it, for those that ask what the host knows.
 * @throws {Error} If a call computes its specifier.
 */
export function rewriteResolveCalls(
  source: string,
  toTarget: (specifier: string) => string | undefined,
): string {
  const [other] = OTHER_RESOLVE_CALL_REGEXP.exec(scanSource(source).code) ?? [];
  if (other !== undefined) {
    throw new Error(`Cannot replace the specifier of "${other}": it must be a literal in quotes`);
  }
  const replacements = findLiterals(source, RESOLVE_CALL_REGEXP).flatMap(({ from, to, value }) => {
    const target = toTarget(value);
    return target === undefined ? [] : [{ from, to, text: `"${target}"` }];
  });
  return replace(source, replacements);
}

/** The modules that a source loads by their place: `new URL("./worker.ts", import.meta.url)`. */
export function listUrlModules(source: string): string[] {
  return findLiterals(source, URL_CALL_REGEXP).map(({ value }) => value)
    .filter((value) => /^\.{1,2}\/.*\.ts$/.test(value));
}

/** The literals behind what `head` matches in code; comments and strings hold none. */
function findLiterals(source: string, head: RegExp) {
  return [...scanSource(source).code.matchAll(head)].map((match) => {
    const from = match.index + match[0].length;
    const to = source.indexOf('"', from + 1) + 1;
    return { from, to, value: source.slice(from + 1, to - 1) };
  });
}

function replace(source: string, replacements: readonly Replacement[]): string {
  const pieces: string[] = [];
  let at = 0;
  for (const { from, to, text } of replacements.toSorted((a, b) => a.from - b.from)) {
    pieces.push(source.slice(at, from), text);
    at = to;
  }
  return pieces.join("") + source.slice(at);
}

function listLineStarts(source: string): number[] {
  const starts = [0];
  for (let at = source.indexOf("\n"); at >= 0; at = source.indexOf("\n", at + 1)) {
    starts.push(at + 1);
  }
  return starts;
}
