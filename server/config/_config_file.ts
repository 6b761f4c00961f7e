import { join, resolve } from "node:path";
import type { Environment } from "./_environment.ts";
import { parseProperties, type Setting } from "./_properties.ts";
import { findNewestSnapshot } from "./_snapshot_files.ts";
import { ConfigError } from "./server_config.ts";

const DEFAULT_FILE = "config.properties";

/** The settings of a file, and what its search has to tell. */
export interface ConfigFile {
  /** Absolute; absent when there is no file. */
  readonly path?: string;
  /** It was found among the snapshots, not named. */
  readonly isNewestSnapshot: boolean;
  readonly settings: readonly Setting[];
  readonly warnings: readonly string[];
}

export interface FindConfigFileOptions {
  readonly environment: Environment;
  readonly cwd: string;
  /** What `--ts-config` names. */
  readonly tsConfig?: string;
  /** Where snapshots are; absent: none is looked for. */
  readonly snapshotDir?: string;
}

/**
 * Reads the first there is of: what `TS_CONFIG_FILE` names, what `--ts-config` names, the newest
 * snapshot, `config.properties` in the working folder.
 *
 * @throws {ConfigError} If a named file is missing, or one cannot be read.
 */
export async function findConfigFile(options: FindConfigFileOptions): Promise<ConfigFile> {
  const { environment, cwd, tsConfig, snapshotDir } = options;
  const fromEnvironment = environment.TS_CONFIG_FILE;
  if (fromEnvironment !== undefined && fromEnvironment !== "") {
    return await readNamed(resolve(cwd, fromEnvironment), `TS_CONFIG_FILE file not found: `);
  }
  if (tsConfig !== undefined) {
    return await readNamed(resolve(cwd, tsConfig), `--ts-config file not found: `, tsConfig);
  }
  const found = snapshotDir === undefined ? undefined : await findNewestSnapshot(snapshotDir);
  const warnings = [...found?.skipped ?? []];
  if (found?.path !== undefined) {
    warnings.push(
      `The models and settings of the last run are restored from "${found.path}"; ` +
        `--models, load_models and ${DEFAULT_FILE} are not read, add --ncs to read them instead`,
    );
    const settings = parseProperties(found.text);
    return { path: found.path, isNewestSnapshot: true, settings, warnings };
  }
  const path = join(cwd, DEFAULT_FILE);
  const text = await readText(path);
  return text === undefined
    ? { isNewestSnapshot: false, settings: [], warnings }
    : { path, isNewestSnapshot: false, settings: parseProperties(text), warnings };
}

async function readNamed(path: string, missing: string, shown = path): Promise<ConfigFile> {
  const text = await readText(path);
  if (text === undefined) throw new ConfigError(missing + shown);
  return { path, isNewestSnapshot: false, settings: parseProperties(text), warnings: [] };
}

/** `undefined` when there is no such file. */
async function readText(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return undefined;
    if (cause instanceof Deno.errors.NotCapable) throw cause;
    throw new ConfigError(`Cannot start: the config file "${path}" cannot be read`, { cause });
  }
}
