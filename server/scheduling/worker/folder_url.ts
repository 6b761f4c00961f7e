import { join } from "node:path";
import { pathToFileURL } from "node:url";

/**
 * The URL of a folder, with a slash at the end: what the URLs of modules in it begin with.
 *
 * @example
 * ```ts
 * import { strictEqual } from "node:assert";
 * import { toFolderUrl } from "./folder_url.ts";
 *
 * strictEqual(toFolderUrl("/models/50% #1"), "file:///models/50%25%20%231/");
 * ```
 *
 * @param dir Absolute.
 */
export function toFolderUrl(dir: string): string {
  return pathToFileURL(join(dir, "/")).href;
}
