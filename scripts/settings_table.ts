/** Writes the tables of `docs/configuration.md` from the settings that the server reads. */
import { createSettingsMarkdown } from "./_settings_markdown.ts";

const DOCUMENT = new URL("../docs/configuration.md", import.meta.url);
const BEGIN = "<!-- settings: written by scripts/settings_table.ts -->\n";
const END = "<!-- settings end -->";

/**
 * The document with its tables as the settings are now.
 *
 * @throws {Error} If the two comments that the tables stand between are missing.
 */
export function replaceSettings(document: string): string {
  const begin = document.indexOf(BEGIN);
  const end = document.indexOf(END);
  if (begin === -1 || end < begin) {
    throw new Error(`Cannot write the settings: "${BEGIN.trim()}" and "${END}" must be there`);
  }
  const before = document.slice(0, begin + BEGIN.length);
  return `${before}\n${createSettingsMarkdown()}\n${document.slice(end)}`;
}

if (import.meta.main) {
  await Deno.writeTextFile(DOCUMENT, replaceSettings(await Deno.readTextFile(DOCUMENT)));
}
