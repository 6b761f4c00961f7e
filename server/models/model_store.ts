import {
  type ArchiveDownloader,
  createFileExistsError,
  createNotAllowedError,
  isRemoteUrl,
  toFileName,
} from "../downloads/mod.ts";
import { ServeError } from "../errors.ts";
import { Copy, type CopyOrigin, type StoredArchive } from "./stored_archive.ts";

/** Endings that `--models all` takes for archives; folders count whatever their name. */
const ARCHIVE_ENDING_REGEXP = /\.(mar|model|tar\.gz|tgz)$/i;

export interface ResolveArchiveOptions {
  /** Sign the download for S3 with the environment's keys. */
  readonly signsForS3?: boolean;
  /** True for models that the operator named: a file that is there already is taken for the URL's. */
  readonly isAtStartup?: boolean;
  /** What the archive is to take the place of: its own copy in the store may be downloaded anew. */
  readonly replaced?: StoredArchive;
}

export interface ModelStoreOptions {
  /** Without one no URL is allowed. */
  readonly downloader?: ArchiveDownloader;
  /**
   * Puts on disk which models are registered. Awaited before a download is deleted that no model uses any
   * more, and before one is kept that a model has come to use.
   */
  readonly saveModels?: () => Promise<void>;
}

/**
 * The folder that archives are registered from. Names lead to its direct children and nowhere else;
 * allowed URLs are downloaded to it.
 */
export class ModelStore {
  readonly #dir: string;
  readonly #options: ModelStoreOptions;
  /** Downloads that models use, by name. */
  readonly #copies = new Map<string, Copy>();

  constructor(dir: string, options: ModelStoreOptions = {}) {
    this.#dir = dir;
    this.#options = options;
  }

  /**
   * Finds the archive that a model is registered under, in TorchServe's order: an allowed URL is
   * downloaded; of anything else only its last name counts, so `a/b/c.mar` is the store's `c.mar`. Folders
   * elsewhere are not served, whatever the URL says.
   *
   * @returns The archive, whose caller ends its use by `release()` or `abandon()`.
   * @throws {ServeError} `archive_not_found`, `model_file_exists` for a URL whose file is there already, or
   * `download_failed`, with upstream's texts.
   */
  async resolveArchive(url: string, options: ResolveArchiveOptions = {}): Promise<StoredArchive> {
    if (url === "") throw new ServeError("archive_not_found", "empty url");
    if (url.includes("..")) {
      throw new ServeError("archive_not_found", `Relative path is not allowed in url: ${url}`);
    }
    if (isRemoteUrl(url)) return await this.#obtain(url, options);
    const name = toStoreName(url);
    if (!await this.has(name)) {
      throw new ServeError("archive_not_found", `Model not found at: ${url}`);
    }
    const isOfEarlierRun = !this.#copies.has(name) && await this.#isDownload(name);
    if (isOfEarlierRun && !this.#copies.has(name)) this.#addCopy(name, "earlier_run");
    return this.#copies.get(name)?.use() ?? this.#toPlainArchive(name);
  }

  /**
   * True for what came by URL: what is under way, and what is in the store under that name if it was
   * downloaded, in this run or an earlier one, and nobody has written over it.
   */
  async isDownload(name: string): Promise<boolean> {
    return this.#copies.get(name)?.isArriving === true || await this.#isDownload(name);
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
  async #obtain(url: string, options: ResolveArchiveOptions): Promise<StoredArchive> {
    const { downloader } = this.#options;
    if (downloader === undefined) throw createNotAllowedError(url);
    const { fileName } = downloader.parseAllowed(url);
    const found = this.#copies.get(fileName);
    if (found === undefined) {
      const copy = this.#addCopy(fileName);
      return await copy.arrive(() => this.#download(url, fileName, options));
    }
    if (options.isAtStartup === true) return await found.join();
    if (!await this.#isReplaceable(fileName, found, options.replaced)) {
      throw createFileExistsError(fileName);
    }
    return found.renew(await downloader.fetch(url, this.#dir, options));
  }

  /** A copy may be downloaded anew for the only model that uses it, unless the operator has changed it. */
  async #isReplaceable(
    name: string,
    copy: Copy,
    replaced: StoredArchive | undefined,
  ): Promise<boolean> {
    if (replaced === undefined || !copy.isUsedOnlyBy(replaced)) return false;
    return await this.#isDownload(name) || !await this.has(name);
  }

  async #download(url: string, name: string, options: ResolveArchiveOptions): Promise<CopyOrigin> {
    try {
      // The operator's wish is the same after a kill.
      const isTentative = options.isAtStartup !== true;
      await this.#options.downloader!.download(url, this.#dir, { ...options, isTentative });
      return "this_run";
    } catch (error) {
      const isThere = error instanceof ServeError && error.code === "model_file_exists";
      if (!isThere || options.isAtStartup !== true) throw error;
      return await this.#isDownload(name) ? "earlier_run" : "operator";
    }
  }

  #addCopy(name: string, origin?: CopyOrigin): Copy {
    const copy: Copy = new Copy({
      name,
      path: `${this.#dir}/${name}`,
      origin,
      forget: async (removes) => {
        if (this.#copies.get(name) !== copy) return;
        this.#copies.delete(name);
        if (!removes) return;
        const { downloader, saveModels } = this.#options;
        await saveModels?.();
        await downloader?.remove(name, this.#dir);
      },
      settle: async () => {
        const { downloader, saveModels } = this.#options;
        await saveModels?.();
        await downloader?.settle(name, this.#dir);
      },
    });
    this.#copies.set(name, copy);
    return copy;
  }

  async #isDownload(name: string): Promise<boolean> {
    return await this.#options.downloader?.isDownload(name, this.#dir) === true;
  }

  #toPlainArchive(name: string): StoredArchive {
    const nothing = (): Promise<void> => Promise.resolve();
    return {
      name,
      path: `${this.#dir}/${name}`,
      commit: () => {},
      settle: nothing,
      release: nothing,
      abandon: nothing,
    };
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

async function exists(path: string): Promise<boolean> {
  return await stat(path) !== undefined;
}

async function stat(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    // Clients may send a name that is too long for the disk.
    const isNone = error instanceof Deno.errors.NotFound ||
      (error as { readonly code?: unknown }).code === "ENAMETOOLONG";
    if (isNone) return undefined;
    throw error;
  }
}
