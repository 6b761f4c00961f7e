import { parseDocument } from "yaml";
import { ArchiveError } from "../errors.ts";

/** Enough for shared settings, too few for a "billion laughs". */
const MAX_ALIASES = 20;

/**
 * Turns a model's YAML (1.2, core schema) into a value.
 *
 * @param path For messages.
 * @throws {ArchiveError} `config_invalid` if it is not YAML or has too many aliases.
 */
export function parseConfig(text: string, path: string): unknown {
  try {
    const document = parseDocument(text, { schema: "core", logLevel: "silent" });
    const [error] = document.errors;
    if (error) throw error;
    return document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (cause) {
    throw new ArchiveError(
      "config_invalid",
      `Cannot read configFile ${JSON.stringify(path)}: it is not valid YAML` +
        (cause instanceof Error ? `, ${toOneLine(cause.message)}` : ""),
      { cause },
    );
  }
}

/** The parser's message says where; what follows its first line repeats the source. */
function toOneLine(message: string): string {
  return message.split("\n", 1)[0]!.replace(/:$/, "");
}
