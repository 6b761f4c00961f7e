/** Why a download failed, for the operator's log; clients are told that it failed. */
export class DownloadError extends Error {
  override readonly name = "DownloadError";
}
