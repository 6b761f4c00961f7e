/**
 * An absolute path or `file:` URL of two or more segments. What stands right after a letter, a digit or
 * another slash is none: `text/plain`, `https://host/a/b`.
 */
const ABSOLUTE_PATH_REGEXP =
  /(?<![\w.:/\\-])(?:file:\/\/)?(?:\/?[A-Za-z]:[\\/]|\/)[^\s"'`()<>,;:*?|]*[/\\]([^\s"'`()<>,;:*?|/\\]+)/g;

/**
 * A text without the paths of this machine: of each absolute path only the last segment stays.
 *
 * @example
 * ```ts
 * import { strictEqual } from "node:assert";
 * import { hidePaths } from "./hide_paths.ts";
 *
 * strictEqual(hidePaths('Cannot read "/srv/models/a b/x.txt"'), 'Cannot read "a b/x.txt"');
 * strictEqual(hidePaths("at file:///opt/app/main.ts:3"), "at main.ts:3");
 * strictEqual(hidePaths("expected text/plain"), "expected text/plain");
 * ```
 */
export function hidePaths(text: string): string {
  return text.replace(ABSOLUTE_PATH_REGEXP, "$1");
}
