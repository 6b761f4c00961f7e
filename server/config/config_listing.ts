import type { EffectiveSetting } from "./server_config.ts";

// deno-lint-ignore no-control-regex -- they are what it is for
const CONTROL_REGEXP = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;
/** Longer values push their origin aside instead of the whole column. */
const MAX_COLUMN = 60;

/** The text of `serve --print-config`: name, value and origin, a line each. */
export function createConfigListing(settings: readonly EffectiveSetting[]): string {
  const rows = settings.map(({ name, text, origin }) => ({
    name,
    text: text === "" ? "-" : text.replace(CONTROL_REGEXP, toEscape),
    origin,
  }));
  const nameWidth = Math.max(...rows.map(({ name }) => name.length));
  const textWidth = Math.min(MAX_COLUMN, Math.max(...rows.map(({ text }) => text.length)));
  return rows.map(({ name, text, origin }) =>
    `${name.padEnd(nameWidth)}  ${text.padEnd(textWidth)}  ${origin}\n`
  ).join("");
}

function toEscape(control: string): string {
  return control === "\n" ? "\\n" : `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
