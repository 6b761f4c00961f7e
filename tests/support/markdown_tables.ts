/** Tables of a document of Markdown. */

const SEPARATOR_REGEXP = /^\|(?:\s*:?-+:?\s*\|)+$/;

/** The cells of all tables below each heading, row by row; the tables' own heads are left out. */
export function listTableRows(markdown: string): ReadonlyMap<string, readonly string[][]> {
  const rowsByHeading = new Map<string, string[][]>();
  let rows: string[][] = [];
  const lines = markdown.split("\n");
  for (const [i, line] of lines.entries()) {
    const heading = /^#+ (.+)$/.exec(line);
    if (heading !== null) {
      rows = [];
      rowsByHeading.set(heading[1]!, rows);
    }
    if (!line.startsWith("|") || SEPARATOR_REGEXP.test(line)) continue;
    if (SEPARATOR_REGEXP.test(lines[i + 1] ?? "")) continue;
    rows.push(
      line.slice(1, -1).split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|")),
    );
  }
  return rowsByHeading;
}
