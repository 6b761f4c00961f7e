/** Archives from the operator's `allowed_urls`, and what may not be one. */
export { AllowedUrls } from "./allowed_urls.ts";
export {
  ArchiveDownloader,
  type ArchiveDownloaderOptions,
  type DownloadOptions,
  type FetchedArchive,
  type Schedule,
} from "./archive_downloader.ts";
export { isRemoteUrl, toFileName } from "./remote_url.ts";
export { createFileExistsError, createNotAllowedError } from "./refusals.ts";
