import { join } from "node:path";

/** What tells one content of a file from another without reading it. */
export interface FileStamp {
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
}

/**
 * Which files of a folder were downloaded to it, in this run of the server or in an earlier one.
 *
 * A mark is a hidden file beside the download. It counts as long as the download is as it came: what
 * somebody has written in its place is theirs.
 */
export class DownloadMarks {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** Notes what is about to appear under `name`; what is marked there now stays marked. */
  async add(name: string, stamp: FileStamp): Promise<void> {
    const current = await this.#readStamp(name);
    const stamps = current !== undefined && await this.has(name) ? [current, stamp] : [stamp];
    await Deno.writeTextFile(await this.#toPath(name), JSON.stringify({ name, stamps }));
  }

  /** True if what has this name now is a download, and as it came. */
  async has(name: string): Promise<boolean> {
    const [current, text] = await Promise.all([
      this.#readStamp(name),
      Deno.readTextFile(await this.#toPath(name)).catch(() => ""),
    ]);
    return current !== undefined && parseStamps(text).some((stamp) => isSame(stamp, current));
  }

  async remove(name: string): Promise<void> {
    await Deno.remove(await this.#toPath(name)).catch(() => {});
  }

  async #readStamp(name: string): Promise<FileStamp | undefined> {
    const info = await Deno.lstat(join(this.#dir, name)).catch(() => undefined);
    return info?.isFile === true ? toStamp(info) : undefined;
  }

  /** Of fixed length, as a download's own name may have the longest that there is. */
  async #toPath(name: string): Promise<string> {
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(name));
    return join(this.#dir, `.downloaded-${new Uint8Array(digest).toHex().slice(0, 32)}.json`);
  }
}

export function toStamp({ size, mtime }: Deno.FileInfo): FileStamp {
  return { sizeBytes: size, modifiedAtMs: mtime?.getTime() ?? 0 };
}

function isSame(a: FileStamp, b: FileStamp): boolean {
  return a.sizeBytes === b.sizeBytes && a.modifiedAtMs === b.modifiedAtMs;
}

/** A mark that cannot be read marks nothing: then the file stays. */
function parseStamps(text: string): readonly FileStamp[] {
  try {
    const { stamps } = JSON.parse(text);
    return Array.isArray(stamps) ? stamps : [];
  } catch {
    return [];
  }
}
