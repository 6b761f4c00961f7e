import { fileURLToPath, pathToFileURL } from "node:url";
import type { AllowedUrls } from "./allowed_urls.ts";
import { DownloadError } from "./download_error.ts";

const CHUNK_BYTES = 1024 * 1024;

/**
 * The bytes of a regular file at an allowed `file:` URL. A link on its way is a redirect: where it leads
 * must be allowed, too.
 *
 * @throws {DownloadError} If there is no such file, or it is no regular one, or the link leads astray.
 */
export async function* readFileChunks(
  url: URL,
  allowedUrls: AllowedUrls,
  maxBytes: number,
): AsyncGenerator<Uint8Array> {
  using file = await openFile(url, allowedUrls, maxBytes);
  const bytes = new Uint8Array(CHUNK_BYTES);
  for (let count; (count = await file.read(bytes)) !== null;) yield bytes.subarray(0, count);
}

async function openFile(
  url: URL,
  allowedUrls: AllowedUrls,
  maxBytes: number,
): Promise<Deno.FsFile> {
  try {
    const path = await Deno.realPath(fileURLToPath(url));
    if (!allowedUrls.includes(pathToFileURL(path))) {
      throw new DownloadError("a link leads to a file that no allowed URL matches");
    }
    const { isFile, size } = await Deno.lstat(path);
    if (!isFile) throw new DownloadError("it is not a regular file");
    if (size > maxBytes) throw new DownloadError(`the file is larger than ${maxBytes} bytes`);
    return await Deno.open(path);
  } catch (error) {
    if (error instanceof DownloadError) throw error;
    throw new DownloadError("the file cannot be read", { cause: error });
  }
}
