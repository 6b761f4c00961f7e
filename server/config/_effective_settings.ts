import type { Environment } from "./_environment.ts";
import { toOriginText } from "./_origin.ts";
import type { SettingReader } from "./_setting_reader.ts";
import type { SourcedSetting } from "./_setting_sources.ts";
import { SNAPSHOT_KEYS } from "./_snapshot_files.ts";
import type { EffectiveSetting, ServerConfig } from "./server_config.ts";
import { rowOf, type SettingName, SETTINGS } from "./settings_table.ts";

const NAMES = Object.keys(SETTINGS) as SettingName[];

/**
 * What was said, by upstream's names: written to a file and read again it gives the same config. Paths are
 * absolute, and `$$NAME$$` stays as it is, so that secrets of the environment stay there.
 */
export function createProperties(
  settings: ReadonlyMap<SettingName, SourcedSetting>,
  reader: SettingReader,
): ReadonlyMap<string, string> {
  const properties = new Map<string, string>();
  for (const { name, rawText, origin } of settings.values()) {
    if (SNAPSHOT_KEYS.includes(name)) continue;
    const { kind, isSecret = false } = rowOf(name);
    if (kind === "path") properties.set(name, String(reader.get(name) ?? ""));
    else if (isSecret && origin.from === "environment") {
      properties.set(name, `$$${origin.variable}$$`);
    } else properties.set(name, rawText);
  }
  return properties;
}

/** Each setting that has an effect, and each other one that was given, for `--print-config`. */
export function listSettings(
  settings: ReadonlyMap<SettingName, SourcedSetting>,
  reader: SettingReader,
  environment: Environment,
  config: ServerConfig,
): readonly EffectiveSetting[] {
  const listed = NAMES.flatMap((name): EffectiveSetting[] => {
    const row = rowOf(name);
    const given = settings.get(name);
    if (given === undefined && (row.kind === "idle" || SNAPSHOT_KEYS.includes(name))) return [];
    const text = given?.text ?? row.default;
    return [{
      name,
      text: row.isSecret ? "********" : maskUserInfo(text ?? ""),
      origin: toOriginText(reader.originOf(name)) +
        (row.kind === "idle" ? " (has no effect)" : ""),
    }];
  });
  const folder = (name: string, text: string): EffectiveSetting => ({
    name,
    text,
    origin: environment[name] ? `environment variable ${name}` : "default",
  });
  return [
    ...listed,
    folder("LOG_LOCATION", config.logs.dir),
    folder("METRICS_LOCATION", config.logs.metricsDir),
    folder("TEMP", config.tempDir),
  ];
}

/** Names and passwords of URLs are for the other server alone. */
function maskUserInfo(text: string): string {
  return text.replaceAll(/(:\/\/)[^/@\s,]+@/g, "$1********@");
}
