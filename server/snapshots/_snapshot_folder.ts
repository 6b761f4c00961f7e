import { join, resolve } from "node:path";
import {
  parseSnapshotName,
  type SnapshotKind,
  type SnapshotName,
  toNextStamp,
  toSnapshotFileName,
} from "../config/mod.ts";
import { removeAbandonedFiles, writeDurableFile } from "./_durable_file.ts";

/** So many files stay; TorchServe never removes one, and a server that is scaled by a script fills the disk. */
const MAX_SNAPSHOTS = 100;

/** The snapshots of one folder, oldest first; one server at a time writes there. */
export class SnapshotFolder {
  readonly #dir: string;
  readonly #keptFile: string;
  readonly #names: SnapshotName[];

  private constructor(dir: string, keptFile: string, names: SnapshotName[]) {
    this.#dir = dir;
    this.#keptFile = keptFile;
    this.#names = names;
  }

  /**
   * Makes the folder where there is none.
   *
   * @param keptFile Path of a file that is never removed: the server was started with it.
   */
  static async open(dir: string, keptFile: string, now: Date): Promise<SnapshotFolder> {
    await Deno.mkdir(dir, { recursive: true });
    await removeAbandonedFiles(dir, now.getTime());
    const names: SnapshotName[] = [];
    for await (const entry of Deno.readDir(dir)) {
      const name = parseSnapshotName(entry.name);
      if (name !== undefined) names.push(name);
    }
    names.sort((a, b) => a.stamp < b.stamp ? -1 : 1);
    return new SnapshotFolder(dir, resolve(keptFile), names);
  }

  /** Writes one more snapshot, whose name is larger than all others'; answers its path. */
  async write(
    kind: SnapshotKind,
    now: Date,
    toText: (fileName: string) => string,
  ): Promise<string> {
    const name = { stamp: toNextStamp(now, this.#names.at(-1)?.stamp), kind };
    const fileName = toSnapshotFileName(name);
    await writeDurableFile(this.#dir, fileName, toText(fileName));
    this.#names.push(name);
    await this.#prune();
    return join(this.#dir, fileName);
  }

  /** A file that cannot be removed is left to whoever holds it: the new snapshot is written. */
  async #prune(): Promise<void> {
    while (this.#names.length > MAX_SNAPSHOTS) {
      const path = resolve(this.#dir, toSnapshotFileName(this.#names.shift()!));
      if (path !== this.#keptFile) await Deno.remove(path).catch(() => {});
    }
  }
}
