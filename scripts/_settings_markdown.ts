import {
  envOf,
  rowOf,
  SETTING_GROUPS,
  type SettingName,
  type SettingRow,
} from "../server/config/mod.ts";

/** The tables of `docs/configuration.md`, one for each group of settings. */
export function createSettingsMarkdown(): string {
  return Object.entries(SETTING_GROUPS).map(([title, names]) => {
    const isIdle = names.every((name) => rowOf(name).kind === "idle");
    const head = isIdle
      ? ["Setting", "Meaning in TorchServe", "Why it has no effect"]
      : ["Setting", "Default", "Values", "Meaning"];
    const rows = names.map((name) => isIdle ? toIdleCells(name) : toCells(name));
    return `### ${title}\n\n${toTable([head, ...rows])}`;
  }).join("\n");
}

function toCells(name: SettingName): string[] {
  const row = rowOf(name);
  const variable = envOf(name);
  const usual = `TS_${name.toUpperCase()}`;
  const notes = [
    row.meaning,
    ...row.isOwn ? ["not TorchServe's"] : [],
    ...variable === undefined
      ? ["no variable"]
      : variable === usual
      ? []
      : [`variable \`${variable}\``],
  ];
  const fallback = row.default === undefined ? "–" : `\`${row.default}\``;
  return [`\`${name}\``, fallback, toValues(row), notes.join("; ")];
}

function toIdleCells(name: SettingName): string[] {
  const row = rowOf(name);
  return [`\`${name}\``, row.meaning, row.kind === "idle" ? row.reason : ""];
}

function toValues(row: SettingRow): string {
  switch (row.kind) {
    case "integer":
    case "decimal":
      return `${row.least} to ${row.most}`;
    case "boolean":
      return "`true`, `false`";
    case "choice":
      return row.choices.map((choice) => `\`${choice}\``).join(", ");
    case "address":
      return "address";
    case "idle":
      return "any";
    case "text":
    case "path":
    case "list":
      return row.kind;
  }
}

/** Padded as the formatter wants it. */
function toTable(rows: readonly (readonly string[])[]): string {
  const [head, ...body] = rows.map((cells) => cells.map((cell) => cell.replaceAll("|", "\\|")));
  const widths = head!.map((_, column) =>
    Math.max(...[head!, ...body].map((cells) => cells[column]!.length))
  );
  const toLine = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |\n`;
  const rule = widths.map((width) => "-".repeat(width));
  return [head!, rule, ...body].map(toLine).join("");
}
