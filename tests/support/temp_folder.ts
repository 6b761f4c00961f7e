import { dirname, join } from "node:path";

/** 2024-05-06 07:08:10 UTC, a moment that a zip can name exactly. */
export const FIXED_SEC = 1_714_979_290;

/** A folder that goes away with the test. */
export class TempFolder implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async create(): Promise<TempFolder> {
    return new TempFolder(await Deno.realPath(await Deno.makeTempDir({ prefix: "marina-test-" })));
  }

  /** An absolute path inside. */
  at(path: string): string {
    return join(this.path, path);
  }

  /** Writes a file, and the folders around it; its time is {@linkcode FIXED_SEC}. */
  async write(path: string, content: string | Uint8Array = path): Promise<string> {
    const full = this.at(path);
    await Deno.mkdir(dirname(full), { recursive: true });
    await Deno.writeFile(
      full,
      typeof content === "string" ? new TextEncoder().encode(content) : content,
    );
    await Deno.utime(full, FIXED_SEC, FIXED_SEC);
    return full;
  }

  /** Names of what lies in a folder inside, sorted. */
  async list(path = "."): Promise<string[]> {
    return (await Array.fromAsync(Deno.readDir(this.at(path)), ({ name }) => name)).sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}
