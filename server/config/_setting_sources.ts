import type { ConfigFile } from "./_config_file.ts";
import { type Environment, expandVariables } from "./_environment.ts";
import { findNearestName } from "./_nearest_name.ts";
import { type Origin, toOriginText } from "./_origin.ts";
import { SNAPSHOT_KEYS } from "./_snapshot_files.ts";
import { envOf, isSettingName, rowOf, type SettingName, SETTINGS } from "./settings_table.ts";

/** What somebody said of a setting. */
export interface SourcedSetting {
  readonly name: SettingName;
  /** As it was written. */
  readonly rawText: string;
  /** With the environment's values in the place of `$$NAME$$`. */
  readonly text: string;
  readonly origin: Origin;
}

/** A setting of the command line, with the flag that gave it. */
export interface FlagSetting {
  readonly name: SettingName;
  readonly text: string;
  readonly flag: string;
}

export interface CollectSettingsOptions {
  readonly file: ConfigFile;
  readonly flags: readonly FlagSetting[];
  readonly environment: Environment;
}

export interface CollectedSettings {
  /** Only what somebody said. */
  readonly settings: ReadonlyMap<SettingName, SourcedSetting>;
  readonly warnings: readonly string[];
}

const MAX_VARIABLE_TYPOS = 2;
const NAMES = Object.keys(SETTINGS) as SettingName[];

/**
 * Merges file, command line and environment; the later beats the earlier.
 *
 * Variables count only with `enable_envvars_config=true` in the file, but for those that always do, and
 * `TS_ALLOWED_URLS` needs `use_env_allowed_urls=true` there besides.
 *
 * @throws {ConfigError} If a value names a variable that is not set.
 */
export function collectSettings(options: CollectSettingsOptions): CollectedSettings {
  const { file, flags, environment } = options;
  const settings = new Map<SettingName, SourcedSetting>();
  const warnings: string[] = [];
  const add = (name: SettingName, rawText: string, origin: Origin): void => {
    const where = `setting "${name}" (from ${toOriginText(origin)})`;
    settings.set(name, {
      name,
      rawText,
      text: expandVariables(rawText, environment, where),
      origin,
    });
  };
  const from = file.isNewestSnapshot ? "snapshot" : "file";
  for (const { key, value, line } of file.settings) {
    const origin: Origin = { from, path: file.path!, line };
    if (isSettingName(key)) add(key, value, origin);
    else if (!SNAPSHOT_KEYS.includes(key)) warnings.push(toUnknownText(key, origin));
  }
  const isTrue = (name: SettingName): boolean => settings.get(name)?.text.toLowerCase() === "true";
  const isEnvEnabled = isTrue("enable_envvars_config");
  const areEnvUrlsEnabled = isTrue("use_env_allowed_urls");
  for (const { name, text, flag } of flags) add(name, text, { from: "command line", flag });
  for (const name of NAMES) {
    const variable = envOf(name);
    const value = variable === undefined ? undefined : environment[variable];
    if (variable === undefined || value === undefined) continue;
    const { isEnvAlwaysRead = false, fromEnv = (text) => text } = rowOf(name);
    if (isEnvAlwaysRead) {
      if (value !== "") add(name, fromEnv(value), { from: "environment", variable });
    } else if (!isEnvEnabled) {
      warnings.push(toIdleVariableText(variable, "enable_envvars_config=true"));
    } else if (name === "allowed_urls" && !areEnvUrlsEnabled) {
      warnings.push(toIdleVariableText(variable, "use_env_allowed_urls=true"));
    } else {
      add(name, value, { from: "environment", variable });
    }
  }
  if (isEnvEnabled) warnings.push(...listUnknownVariables(environment));
  return { settings, warnings };
}

/** Variables that are nearly a setting's; others that begin with `TS_` may be of another program. */
function listUnknownVariables(environment: Environment): string[] {
  const known = [...NAMES.flatMap((name) => envOf(name) ?? []), "TS_CONFIG_FILE"];
  return Object.keys(environment)
    .filter((name) => name.startsWith("TS_") && !known.includes(name))
    .flatMap((name) => {
      const nearest = findNearestName(name, known, MAX_VARIABLE_TYPOS);
      if (nearest === undefined) return [];
      return [`Environment variable ${name} is unknown, did you mean "${nearest}"?`];
    });
}

function toUnknownText(key: string, origin: Origin): string {
  const nearest = findNearestName(key.toLowerCase(), NAMES);
  const hint = nearest === undefined ? "" : `, did you mean "${nearest}"?`;
  return `Setting "${key}" (from ${toOriginText(origin)}) is unknown${hint}`;
}

function toIdleVariableText(variable: string, needed: string): string {
  return `Environment variable ${variable} has no effect: the config file must say ${needed}`;
}
