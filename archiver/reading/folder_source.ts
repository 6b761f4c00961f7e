import { join } from "node:path";
import type { ArchiveSource, RawEntry } from "./archive_source.ts";
import { ArchiveError } from "../errors.ts";

/** A folder that is an archive: served where it lies, nothing is unpacked. */
export class FolderSource implements ArchiveSource {
  readonly kind = "folder";
  readonly path: string;
  readonly folder: string;

  private constructor(path: string, folder: string) {
    this.path = path;
    this.folder = folder;
  }

  /**
   * Finds the model's root: the folder, or its only child if that is a folder and not `MAR-INF`
   * (as in archives that were unpacked by hand).
   */
  static async open(path: string): Promise<FolderSource> {
    const folder = await Deno.realPath(path);
    const children: Deno.DirEntry[] = [];
    for await (const child of Deno.readDir(folder)) {
      children.push(child);
      if (children.length > 1) break;
    }
    const [only] = children;
    const isNested = children.length === 1 && only!.isDirectory && only!.name !== "MAR-INF";
    return new FolderSource(path, isNested ? join(folder, only!.name) : folder);
  }

  entries(): AsyncGenerator<RawEntry> {
    return this.#walk("");
  }

  async *#walk(prefix: string): AsyncGenerator<RawEntry> {
    const children = await Array.fromAsync(Deno.readDir(join(this.folder, prefix)));
    children.sort((a, b) => a.name < b.name ? -1 : 1);
    for (const child of children) {
      const name = `${prefix}${child.name}`;
      const path = join(this.folder, prefix, child.name);
      if (child.isDirectory) {
        yield { name, type: "folder", size: 0, chunks: noChunks };
        yield* this.#walk(`${name}/`);
        continue;
      }
      if (!child.isFile) {
        throw new ArchiveError(
          "entry_type_refused",
          `Cannot read ${JSON.stringify(name)} of "${this.path}": expected a file or a folder, ` +
            `found ${child.isSymlink ? "a symbolic link" : "something else"}`,
        );
      }
      const { size } = await Deno.lstat(path);
      yield { name, type: "file", size, chunks: () => readChunks(path) };
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

async function* noChunks(): AsyncGenerator<Uint8Array<ArrayBuffer>> {}

async function* readChunks(path: string): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  using file = await Deno.open(path);
  for (;;) {
    const chunk = new Uint8Array(256 * 1024);
    const count = await file.read(chunk);
    if (count === null) return;
    yield chunk.subarray(0, count);
  }
}
