import { type ArchiveDownloader, isRemoteUrl, toFileName } from "../downloads/mod.ts";
import { ServeError } from "../errors.ts";

/** Endings that `--models all` takes for archives; folders count whatever their name. */
const ARCHIVE_ENDING_REGEXP = /\.(mar|model|tar\.gz|tgz)$/i;

export interface ResolveArchiveOptions {
  /** Sign the download for S3 with the environment's keys. */
  readonly signsForS3?: boolean;
  /** True for models that the operator named: a file that is there already is taken for the URL's. */
  readonly isAtStartup?: boolean;
}

/** A file that came by URL, and those who have resolved it and not forgotten it. */
interface Download {
  /** Resolves once the file is there. */
  readonly arrival: Promise<unknown>;
  users: number;
}

/**
 * The folder that archives are registered from. Names lead to its direct children and nowhere else;
 * allowed URLs are downloaded to it.
 */
export class ModelStore {
  readonly #dir: string;
  readonly #downloader: ArchiveDownloader | undefined;
  readonly #downloads = new Map<string, Download>();

  /** @param downloader Without one no URL is allowed. */
  constructor(dir: string, downloader?: ArchiveDownloader) {
    this.#dir = dir;
    this.#downloader = downloader;
  }

  /**
   * Finds the archive that a model is registered under, in TorchServe's order: an allowed URL is
   * downloaded; of anything else only its last name counts, so `a/b/c.mar` is the store's `c.mar`. Folders
   * elsewhere are not served, whatever the URL says.
   *
   * Whoever got a path calls {@linkcode forgetDownload} with the same `url` once the model is not there
   * any more: unregistered, replaced, or never come up.
   *
   * @throws {ServeError} `archive_not_found`, `model_file_exists` for a URL whose file is there already, or
   * `download_failed`, with upstream's texts.
   */
  async resolveArchive(url: string, options: ResolveArchiveOptions = {}): Promise<string> {
    if (url === "") throw new ServeError("archive_not_found", "empty url");
    if (url.includes("..")) {
      throw new ServeError("archive_not_found", `Relative path is not allowed in url: ${url}`);
    }
    if (isRemoteUrl(url)) return await this.#obtain(url, options);
    const name = toStoreName(url);
    if (!await this.has(name)) {
      throw new ServeError("archive_not_found", `Model not found at: ${url}`);
    }
    const download = this.#downloads.get(name);
    if (download !== undefined) download.users++;
    return `${this.#dir}/${name}`;
  }

  /**
   * Deletes the file that was downloaded for `url`, once nobody uses it. Files that this server did not
   * download are the operator's and stay; so do all when the server stops.
   */
  async forgetDownload(url: string): Promise<void> {
    const name = toStoreName(url);
    const download = this.#downloads.get(name);
    if (download === undefined || --download.users > 0) return;
    this.#downloads.delete(name);
    await Deno.remove(`${this.#dir}/${name}`).catch((error: unknown) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }

  /** True for the file or folder name of what is being or was downloaded by this server. */
  isDownload(name: string): boolean {
    return this.#downloads.has(name);
  }

  /** True for the name of anything in the store. */
  async has(name: string): Promise<boolean> {
    return isVisibleName(name) && await exists(`${this.#dir}/${name}`);
  }

  /** True for the name of a folder in the store, or of a link to one. */
  async isFolder(name: string): Promise<boolean> {
    return (await stat(`${this.#dir}/${name}`))?.isDirectory === true;
  }

  /** The names of all archives in the folder, sorted. */
  async listArchives(): Promise<string[]> {
    const names: string[] = [];
    for await (const entry of Deno.readDir(this.#dir)) {
      const { name, isDirectory, isSymlink } = entry;
      const isFolder = isDirectory || isSymlink && await this.isFolder(name);
      if (isArchiveName(name, isFolder)) names.push(name);
    }
    return names.sort();
  }

  /** Downloads a file, or joins those who use it when it is one of the operator's models. */
  async #obtain(url: string, options: ResolveArchiveOptions): Promise<string> {
    if (this.#downloader === undefined) {
      throw new ServeError(
        "archive_not_found",
        `Given URL ${url} does not match any allowed URL(s)`,
      );
    }
    const { fileName } = this.#downloader.parseAllowed(url);
    const path = `${this.#dir}/${fileName}`;
    const found = this.#downloads.get(fileName);
    if (found !== undefined) {
      if (options.isAtStartup !== true) throw createFileExistsError(fileName);
      found.users++;
      await found.arrival;
      return path;
    }
    const arrival = this.#download(url, fileName, options);
    this.#downloads.set(fileName, { arrival, users: 1 });
    await arrival;
    return path;
  }

  async #download(url: string, fileName: string, options: ResolveArchiveOptions): Promise<void> {
    try {
      await this.#downloader!.download(url, this.#dir, options);
    } catch (error) {
      this.#downloads.delete(fileName);
      const isThere = error instanceof ServeError && error.code === "model_file_exists";
      if (!isThere || options.isAtStartup !== true) throw error;
    }
  }
}

/**
 * The name of a model whose manifest has none, from its file: `my-net.mar` → `my_net`.
 *
 * @example
 * ```ts
 * import { strictEqual } from "node:assert";
 * import { toModelName } from "./model_store.ts";
 *
 * strictEqual(toModelName("my-net.tar.gz"), "my_net");
 * strictEqual(toModelName("https://example.com/my-net.mar?token=x"), "my_net");
 * ```
 */
export function toModelName(url: string): string {
  return toStoreName(url).replace(/\.(tar\.gz|[^.]+)$/i, "").replaceAll(/\W|^_/g, "_");
}

/**
 * The file or folder of the model store that a model's URL stands for; `""` when there cannot be one.
 *
 * @example
 * ```ts
 * import { strictEqual } from "node:assert";
 * import { toStoreName } from "./model_store.ts";
 *
 * strictEqual(toStoreName("https://example.com/net.mar?token=x"), "net.mar");
 * strictEqual(toStoreName("a/b/net.mar"), "net.mar");
 * ```
 */
export function toStoreName(url: string): string {
  return isRemoteUrl(url) ? toFileName(url) ?? "" : url.split(/[/\\]/).at(-1) ?? "";
}

/** True for what `--models all` serves of a store. */
export function isArchiveName(name: string, isFolder: boolean): boolean {
  return isVisibleName(name) && (isFolder || ARCHIVE_ENDING_REGEXP.test(name));
}

/** Hidden names are other people's, and those of unfinished downloads. */
function isVisibleName(name: string): boolean {
  return name !== "" && !name.startsWith(".") && !name.includes("\0");
}

function createFileExistsError(fileName: string): ServeError {
  return new ServeError("model_file_exists", `Model file already exists ${fileName}`);
}

async function exists(path: string): Promise<boolean> {
  return await stat(path) !== undefined;
}

async function stat(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
