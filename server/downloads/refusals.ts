/** What is refused before anything is downloaded, in upstream's words. */
import { ServeError } from "../errors.ts";

export function createNotAllowedError(url: string): ServeError {
  return new ServeError("archive_not_found", `Given URL ${url} does not match any allowed URL(s)`);
}

export function createFileExistsError(fileName: string): ServeError {
  return new ServeError("model_file_exists", `Model file already exists ${fileName}`);
}
