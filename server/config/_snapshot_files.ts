/** Finds the state that the last run of the server left behind, before there is a server. */
import { join } from "node:path";
import { parseProperties } from "./_properties.ts";
import { parseRestorePoint } from "./_restore_point.ts";
import { ConfigError } from "./server_config.ts";
import { parseSnapshotName } from "./snapshot_name.ts";

export { parseRestorePoint } from "./_restore_point.ts";

/** Keys of a snapshot that are no settings: whoever reads one as a config file passes them over. */
export const SNAPSHOT_KEYS: readonly string[] = ["tsConfigFile", "version", "model_snapshot"];

/** The newest snapshot that can be used, and one line for each newer file that cannot. */
export type FoundSnapshot =
  | { readonly path: string; readonly text: string; readonly skipped: readonly string[] }
  | { readonly path: undefined; readonly skipped: readonly string[] };

/**
 * Finds the newest snapshot of a folder by its name, to be read as the config file.
 *
 * A file that is broken, cut off, without models or written by a newer server is skipped, and the one
 * before it is looked at; so is a `.cfg` file whose name is no snapshot's. Each is told in `skipped`.
 *
 * @param dir `LOG_LOCATION/config`; it need not exist.
 */
export async function findNewestSnapshot(dir: string): Promise<FoundSnapshot> {
  const skipped: string[] = [];
  const found: { readonly fileName: string; readonly stamp: string }[] = [];
  for (const fileName of await listFiles(dir, skipped)) {
    const name = parseSnapshotName(fileName);
    if (name !== undefined) found.push({ fileName, stamp: name.stamp });
    else if (fileName.endsWith(".cfg")) {
      skipped.push(
        `Cannot read "${
          join(dir, fileName)
        }" as a snapshot: its name must be yyyyMMddHHmmssSSS-startup.cfg, -snapshot.cfg or -shutdown.cfg`,
      );
    }
  }
  found.sort((a, b) => a.stamp < b.stamp ? 1 : a.stamp > b.stamp ? -1 : 0);
  for (const { fileName } of found) {
    const path = join(dir, fileName);
    try {
      const text = await Deno.readTextFile(path);
      assertRestorable(path, text);
      return { path, text, skipped };
    } catch (error) {
      skipped.push(`${toReason(path, error)}; an older one is used if there is one`);
    }
  }
  return { path: undefined, skipped };
}

/** @throws {ConfigError} If the models cannot be read. */
function assertRestorable(path: string, text: string): void {
  const json = parseProperties(text).find(({ key }) => key === "model_snapshot")?.value;
  if (json === undefined) {
    throw new ConfigError(`Cannot restore the models of "${path}": "model_snapshot" is missing`);
  }
  parseRestorePoint(path, json);
}

async function listFiles(dir: string, skipped: string[]): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(dir)))
      .filter((entry) => !entry.isDirectory)
      .map((entry) => entry.name)
      .sort();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) {
      skipped.push(`Cannot look for snapshots in "${dir}": ${toText(error)}`);
    }
    return [];
  }
}

function toReason(path: string, error: unknown): string {
  return error instanceof ConfigError
    ? error.message
    : `Cannot read the snapshot "${path}": ${toText(error)}`;
}

function toText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
