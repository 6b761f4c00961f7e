import { basename, dirname, isAbsolute, resolve } from "node:path";
import type { StartupModel } from "./server_config.ts";

/**
 * Reads `all` (alone, in any case), else `name=url` and `url`.
 *
 * The absolute path of a file in the model store stands for the file's name there; an equals sign in an
 * URL's query is no model's name.
 */
export function parseStartupModels(
  texts: readonly string[],
  modelStore: string,
): readonly StartupModel[] | "all" {
  const trimmed = texts.map((text) => text.trim()).filter((text) => text !== "");
  if (trimmed.length === 1 && trimmed[0]!.toLowerCase() === "all") return "all";
  return trimmed.map((text) => {
    const equals = text.indexOf("=");
    const isNamed = equals > 0 && !text.slice(0, equals).includes("/");
    const url = isNamed ? text.slice(equals + 1) : text;
    const inStore = isAbsolute(url) && resolve(dirname(url)) === modelStore ? basename(url) : url;
    return isNamed ? { modelName: text.slice(0, equals), url: inStore } : { url: inStore };
  });
}
