import { dirname, join } from "node:path";
import { OutputFile } from "./output_file.ts";
import type { ArchiveWriter, PackedEntry } from "./packing.ts";

/** Writes the entries as plain files into a folder of their own. */
export class FolderWriter implements ArchiveWriter {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /** Creates the folder, which must not exist. */
  static async create(path: string): Promise<FolderWriter> {
    await Deno.mkdir(path);
    return new FolderWriter(path);
  }

  async add(entry: PackedEntry): Promise<void> {
    const path = join(this.#path, entry.name);
    await Deno.mkdir(dirname(path), { recursive: true });
    const file = await OutputFile.create(path, entry.isExecutable ? 0o755 : 0o644);
    try {
      for await (const piece of entry.pieces) await file.write(piece);
      await file.sync();
    } finally {
      await file.close();
    }
    await Deno.utime(path, entry.modifiedSec, entry.modifiedSec);
  }

  finish(): Promise<void> {
    return Promise.resolve();
  }

  dispose(): Promise<void> {
    return Promise.resolve();
  }
}
