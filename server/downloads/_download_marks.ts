import { join } from "node:path";

/** What tells one content of a file from another without reading it. */
export interface FileStamp {
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
}

const MARK_NAME_REGEXP = /^\.downloaded-[0-9a-f]{32}\.json$/;

/** What is in a mark's file. */
interface Mark {
  readonly name: string;
  readonly stamps: readonly FileStamp[];
  /** The hidden file that the download was made from, while it is not known whether a model will use it. */
  readonly tentativeBy?: string;
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

  /**
   * Notes what is about to appear under `name`; what is marked there now stays marked.
   *
   * @param tentativeBy A hidden file's name: when that file is found abandoned, the download is, too.
   */
  async add(name: string, stamp: FileStamp, tentativeBy?: string): Promise<void> {
    const current = await this.#readStamp(name);
    const stamps = current !== undefined && await this.has(name) ? [current, stamp] : [stamp];
    const mark: Mark = { name, stamps, tentativeBy };
    await Deno.writeTextFile(await this.#toPath(name), JSON.stringify(mark));
  }

  /** Removes the download that was made from this hidden file, unless somebody has written over it. */
  async removeTentative(by: string): Promise<void> {
    for await (const { name: markName } of Deno.readDir(this.#dir)) {
      if (!MARK_NAME_REGEXP.test(markName)) continue;
      const mark = parseMark(await Deno.readTextFile(join(this.#dir, markName)));
      if (mark?.tentativeBy !== by) continue;
      if (await this.has(mark.name)) await Deno.remove(join(this.#dir, mark.name));
      await this.remove(mark.name);
    }
  }

  /** True if what has this name now is a download, and as it came. */
  async has(name: string): Promise<boolean> {
    const [current, text] = await Promise.all([
      this.#readStamp(name),
      Deno.readTextFile(await this.#toPath(name)).catch(() => ""),
    ]);
    return current !== undefined &&
      parseMark(text)?.stamps.some((stamp) => isSame(stamp, current)) === true;
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
function parseMark(text: string): Mark | undefined {
  try {
    const { name, stamps, tentativeBy } = JSON.parse(text);
    return typeof name === "string" && Array.isArray(stamps)
      ? { name, stamps, tentativeBy }
      : undefined;
  } catch {
    return undefined;
  }
}
