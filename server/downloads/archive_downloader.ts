import { join } from "node:path";
import type { DownloadConfig } from "../config/mod.ts";
import { ServeError } from "../errors.ts";
import { createLog } from "../logging/mod.ts";
import { AllowedUrls } from "./allowed_urls.ts";
import { DownloadError } from "./download_error.ts";
import { DownloadMarks } from "./_download_marks.ts";
import { AddressRefusedError, fetchChunks, type TraceExchange } from "./_fetch_chunks.ts";
import { readFileChunks } from "./_file_chunks.ts";
import { PartialFile, removeAbandonedPartials } from "./_partial_file.ts";
import { createFileExistsError, createNotAllowedError } from "./refusals.ts";
import { parseRemoteUrl, toFileName, toLogUrl } from "./remote_url.ts";

/** How long a server may send nothing. */
const IDLE_TIMEOUT_MS = 60_000;

/** Calls back once, `delayMs` from now; the answer cancels it. */
export type Schedule = (delayMs: number, callback: () => void) => () => void;

export interface ArchiveDownloaderOptions {
  readonly config: DownloadConfig;
  readonly schedule: Schedule;
  /** Sees each request to another server. */
  readonly traceExchange?: TraceExchange;
}

export interface DownloadOptions {
  /** Sign the request for S3 with the environment's keys. */
  readonly signsForS3?: boolean;
  /** The download is to go when this server is killed, up to its {@linkcode ArchiveDownloader.settle}. */
  readonly isTentative?: boolean;
}

/** An archive that was downloaded beside the place that it may get. Disposing of it removes what has not got it. */
export interface FetchedArchive extends AsyncDisposable {
  /** Where it can be read; hidden. */
  readonly path: string;
  /** Takes the place of the file that has its name, in one step. */
  replace(): void;
}

/**
 * Brings archives from the operator's `allowed_urls` into a folder.
 *
 * What arrives there is whole: it grows in a hidden file, which is removed after any failure. The owner
 * calls `close()`, which ends what is under way.
 */
export class ArchiveDownloader {
  readonly #config: DownloadConfig;
  readonly #schedule: Schedule;
  readonly #traceExchange: TraceExchange | undefined;
  readonly #allowedUrls: AllowedUrls;
  readonly #running = new Set<AbortController>();
  /** What keeps downloads tentative, by the paths of these. */
  readonly #tentative = new Map<string, PartialFile>();
  readonly #log = createLog("downloads");
  #isClosed = false;

  /** @throws {ConfigError} If a pattern of `allowedUrls` cannot be read. */
  constructor(options: ArchiveDownloaderOptions) {
    this.#config = options.config;
    this.#schedule = options.schedule;
    this.#traceExchange = options.traceExchange;
    this.#allowedUrls = new AllowedUrls(options.config.allowedUrls);
  }

  /**
   * Reads a URL that may be downloaded, before anything is asked of anyone.
   *
   * @throws {ServeError} `archive_not_found`, with TorchServe's text, if no pattern matches it or nothing
   * could be named after it.
   */
  parseAllowed(text: string): { readonly url: URL; readonly fileName: string } {
    const url = parseRemoteUrl(text);
    const fileName = url && toFileName(url);
    if (url === undefined || fileName === undefined || !this.#allowedUrls.includes(url)) {
      throw createNotAllowedError(text);
    }
    return { url, fileName };
  }

  /**
   * Downloads `text`, or copies it when it is a `file:` URL, to the folder, under the URL's last name.
   *
   * @returns The file's name.
   * @throws {ServeError} `archive_not_found` if the URL is not allowed, `model_file_exists` if the name is
   * taken, `download_failed`; the log then says why.
   */
  async download(text: string, dir: string, options: DownloadOptions = {}): Promise<string> {
    const { url, fileName } = this.parseAllowed(text);
    const path = join(dir, fileName);
    if (await exists(path)) throw createFileExistsError(fileName);
    const marks = new DownloadMarks(dir);
    await this.#reportFailure(text, url, async () => {
      await using stack = new AsyncDisposableStack();
      const file = stack.use(await this.#save(url, dir, options));
      const { isTentative = false } = options;
      await marks.add(fileName, await file.finish(), isTentative ? file.name : undefined);
      try {
        await file.appearAt(path);
      } catch (error) {
        await marks.remove(fileName);
        throw error;
      }
      if (!isTentative) return;
      this.#tentative.set(path, file);
      stack.move();
    });
    return fileName;
  }

  /** Makes a tentative download outlive this server's kill; does nothing for others. */
  async settle(fileName: string, dir: string): Promise<void> {
    const path = join(dir, fileName);
    const file = this.#tentative.get(path);
    this.#tentative.delete(path);
    await file?.[Symbol.asyncDispose]().catch((error: unknown) =>
      this.#log.warn("Cannot remove what a download grew in", { path: file.path, error })
    );
  }

  /**
   * Downloads `text` once more, to a file beside the one that has its name already.
   *
   * @throws {ServeError} As {@linkcode download}, without `model_file_exists`.
   */
  async fetch(text: string, dir: string, options: DownloadOptions = {}): Promise<FetchedArchive> {
    const { url, fileName } = this.parseAllowed(text);
    const file = await this.#reportFailure(text, url, async () => {
      const file = await this.#save(url, dir, options);
      try {
        await new DownloadMarks(dir).add(fileName, await file.finish());
      } catch (error) {
        await file[Symbol.asyncDispose]();
        throw error;
      }
      return file;
    });
    return {
      path: file.path,
      replace: () => file.replace(join(dir, fileName)),
      [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
    };
  }

  /** True if what has this name in the folder was downloaded to it, by whichever run, and is as it came. */
  async isDownload(fileName: string, dir: string): Promise<boolean> {
    return await new DownloadMarks(dir).has(fileName);
  }

  /** Removes a download; what somebody has put in its place stays. */
  async remove(fileName: string, dir: string): Promise<void> {
    const marks = new DownloadMarks(dir);
    if (await marks.has(fileName)) await Deno.remove(join(dir, fileName));
    await marks.remove(fileName);
    await this.settle(fileName, dir);
  }

  /** Removes what killed servers were downloading to the folder, and had downloaded for models that were not up. */
  async removeAbandoned(dir: string): Promise<void> {
    const marks = new DownloadMarks(dir);
    const removed = await removeAbandonedPartials(dir, (name) => marks.removeTentative(name));
    if (removed > 0) this.#log.info("Partial downloads of killed servers are removed", { removed });
  }

  /** Ends the downloads under way, and refuses others. */
  close(): void {
    this.#isClosed = true;
    for (const controller of this.#running) controller.abort(createStoppingError());
    for (const file of this.#tentative.values()) file.forsake();
  }

  async #reportFailure<Result>(text: string, url: URL, work: () => Promise<Result>) {
    try {
      return await work();
    } catch (error) {
      if (error instanceof Deno.errors.AlreadyExists) throw createFileExistsError(toFileName(url)!);
      const reason = error instanceof DownloadError ? error.message : undefined;
      const cause = error instanceof DownloadError ? error.cause : error;
      this.#log.warn("Download failed", { url: toLogUrl(url), reason, error: cause });
      if (error instanceof AddressRefusedError) throw createNotAllowedError(text);
      throw new ServeError("download_failed", `Failed to download archive from: ${text}`, {
        cause: error,
      });
    }
  }

  /** The caller disposes of the file. */
  async #save(url: URL, dir: string, options: DownloadOptions): Promise<PartialFile> {
    if (this.#isClosed) throw createStoppingError();
    const { maxArchiveBytes, timeoutMs } = this.#config;
    const startedAtMs = performance.now();
    const controller = new AbortController();
    const { signal } = controller;
    this.#running.add(controller);
    const abort = (reason: string) => controller.abort(new DownloadError(reason));
    const cancelTimeout = this.#schedule(
      timeoutMs,
      () => abort(`it is not complete after ${timeoutMs} ms`),
    );
    const startIdle = () =>
      this.#schedule(IDLE_TIMEOUT_MS, () => abort(`nothing came for ${IDLE_TIMEOUT_MS} ms`));
    let cancelIdle = startIdle();
    let file: PartialFile | undefined;
    try {
      const chunks = this.#readChunks(url, options, signal);
      file = await PartialFile.create(dir);
      for await (const chunk of chunks) {
        signal.throwIfAborted();
        cancelIdle();
        cancelIdle = startIdle();
        if (file.writtenBytes + chunk.length > maxArchiveBytes) {
          throw new DownloadError(`the file is larger than ${maxArchiveBytes} bytes`);
        }
        await file.write(chunk);
      }
      signal.throwIfAborted();
    } catch (error) {
      await file?.[Symbol.asyncDispose]();
      signal.throwIfAborted();
      throw error;
    } finally {
      cancelIdle();
      cancelTimeout();
      this.#running.delete(controller);
    }
    const durationMs = Math.round(performance.now() - startedAtMs);
    const bytes = file.writtenBytes;
    this.#log.info("Archive is downloaded", { url: toLogUrl(url), bytes, durationMs });
    return file;
  }

  #readChunks(
    url: URL,
    { signsForS3 }: DownloadOptions,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    const { maxArchiveBytes: maxBytes, s3: credentials } = this.#config;
    const allowedUrls = this.#allowedUrls;
    const traceExchange = this.#traceExchange;
    if (url.protocol === "file:") return readFileChunks(url, allowedUrls, maxBytes);
    const options = { allowedUrls, maxBytes, signal, traceExchange };
    if (signsForS3 !== true) return fetchChunks(url, options);
    if (credentials === undefined) {
      throw new DownloadError(
        "s3_sse_kms needs AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_DEFAULT_REGION in the server's environment",
      );
    }
    return fetchChunks(url, { ...options, credentials });
  }
}

function createStoppingError(): DownloadError {
  return new DownloadError("the server is stopping");
}

async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}
