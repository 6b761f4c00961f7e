/** Reads TypeScript just far enough to know what is code, what is a comment and what is a string. */

/** One `import`, `export … from` or `import()` with a literal specifier. */
export interface ImportReference {
  readonly specifier: string;
  /** From 1. */
  readonly line: number;
}

export interface ScannedSource {
  readonly imports: readonly ImportReference[];
  /** The source with comments and the insides of strings blanked; offsets and lines stay. */
  readonly code: string;
}

const REGEXP_MAY_FOLLOW_REGEXP = /(?:^|[=(,:;[!&|?{}+\-*%<>~^]|\b(?:return|typeof|case|of|in))$/;
const IMPORT_HEAD_REGEXP = /(?:\bfrom|\bimport|\bimport\s*\()\s*$/;

/** Splits a source for the import check; a specifier that is computed at run time is not seen. */
export function scanSource(source: string): ScannedSource {
  const imports: ImportReference[] = [];
  const code = source.split("");
  const openTemplates: number[] = [];
  let depth = 0;
  let at = 0;

  const blank = (from: number, to: number) => {
    for (let i = from; i < to; i++) if (code[i] !== "\n") code[i] = " ";
  };
  const find = (text: string, from: number) => {
    const found = code.indexOf(text[0]!, from);
    if (found < 0 || text.length === 1) return found < 0 ? code.length : found;
    for (let i = found; i < code.length; i++) {
      if (code[i] === text[0] && code[i + 1] === text[1]) return i;
    }
    return code.length;
  };
  const endOfQuoted = (from: number, end: string) => {
    let i = from;
    while (i < code.length && code[i] !== end) i += code[i] === "\\" ? 2 : 1;
    return i;
  };
  const skipTemplate = (from: number) => {
    let i = from;
    while (i < code.length && code[i] !== "`") {
      if (code[i] === "$" && code[i + 1] === "{") {
        openTemplates.push(depth++);
        blank(from, i);
        return i + 2;
      }
      i += code[i] === "\\" ? 2 : 1;
    }
    blank(from, i);
    return i + 1;
  };

  while (at < code.length) {
    const char = code[at]!;
    const next = code[at + 1];
    if (char === "/" && next === "/") {
      const end = find("\n", at);
      blank(at, end);
      at = end;
    } else if (char === "/" && next === "*") {
      const end = find("*/", at + 2) + 2;
      blank(at, end);
      at = end;
    } else if (char === '"' || char === "'") {
      const end = endOfQuoted(at + 1, char);
      const before = code.slice(Math.max(0, at - 40), at).join("");
      if (IMPORT_HEAD_REGEXP.test(before)) {
        imports.push({ specifier: code.slice(at + 1, end).join(""), line: lineAt(code, at) });
      }
      blank(at + 1, end);
      at = end + 1;
    } else if (char === "`") {
      at = skipTemplate(at + 1);
    } else if (char === "/" && mayStartRegexp(code, at)) {
      const end = endOfRegexp(code, at + 1);
      blank(at + 1, end);
      at = end + 1;
    } else {
      if (char === "{") depth++;
      if (char === "}") depth--;
      at++;
      if (char === "}" && openTemplates.at(-1) === depth) {
        openTemplates.pop();
        at = skipTemplate(at);
      }
    }
  }
  return { imports, code: code.join("") };
}

/** Line of an offset, from 1. */
export function lineAt(text: ArrayLike<string>, offset: number): number {
  let line = 1;
  for (let i = 0; i < offset; i++) if (text[i] === "\n") line++;
  return line;
}

function mayStartRegexp(code: readonly string[], at: number): boolean {
  const before = code.slice(Math.max(0, at - 200), at).join("").trimEnd();
  return REGEXP_MAY_FOLLOW_REGEXP.test(before);
}

/** A slash inside `[…]` does not end the expression. */
function endOfRegexp(code: readonly string[], from: number): number {
  let isInClass = false;
  let i = from;
  while (i < code.length && code[i] !== "\n" && (isInClass || code[i] !== "/")) {
    if (code[i] === "[") isInClass = true;
    if (code[i] === "]") isInClass = false;
    i += code[i] === "\\" ? 2 : 1;
  }
  return i;
}
