/** URLs that a model may be registered under, read once and in one form. */

/** Longer ones are no addresses of archives; bounds what a pattern is matched against. */
export const MAX_URL_CHARACTERS = 2048;

/** What TorchServe takes for a URL and not for a name in the model store. */
const REMOTE_REGEXP = /^(file|https?):/i;

/** `//user@host`, also with nothing before the `@`, which the parser forgives. */
const USER_REGEXP = /^[^/?#]*\/\/[^/?#]*@/;

/** Parsers disagree on back-slashes, and drop white space and controls. */
// deno-lint-ignore no-control-regex -- they are what it is for
const DISPUTED_REGEXP = /[\\\s\u0000-\u001f\u007f]/;

// deno-lint-ignore no-control-regex -- they are what it is for
const CONTROL_REGEXP = /[\u0000-\u001f\u007f]/;

/** What file systems take. */
const MAX_NAME_BYTES = 255;

/**
 * True for what is to be downloaded, if at all: never the name of something in the model store.
 *
 * @example
 * ```ts
 * import { ok } from "node:assert";
 * import { isRemoteUrl } from "./remote_url.ts";
 *
 * ok(isRemoteUrl("HTTPS://example.com/net.mar") && !isRemoteUrl("net.mar"));
 * ```
 */
export function isRemoteUrl(text: string): boolean {
  return REMOTE_REGEXP.test(text);
}

/**
 * Reads a URL as the one form that patterns are matched against: the parser's own, without a fragment.
 *
 * @returns `undefined` for what different readers could take for different URLs: with a user, a
 * back-slash, white space, a host in a `file:` URL, or more than {@linkcode MAX_URL_CHARACTERS}.
 */
export function parseRemoteUrl(text: string): URL | undefined {
  if (text.length > MAX_URL_CHARACTERS || !isRemoteUrl(text)) return undefined;
  if (DISPUTED_REGEXP.test(text) || USER_REGEXP.test(text)) return undefined;
  const url = URL.parse(text);
  if (url === null || url.username !== "" || url.password !== "") return undefined;
  if (url.protocol === "file:" && url.host !== "") return undefined;
  url.hash = "";
  return url;
}

/**
 * The name that what is downloaded from `url` gets in the model store: the path's last part, decoded.
 *
 * @example The query is no part of it
 * ```ts
 * import { strictEqual } from "node:assert";
 * import { toFileName } from "./remote_url.ts";
 *
 * strictEqual(toFileName("https://example.com/a/my%20net.mar?token=x"), "my net.mar");
 * strictEqual(toFileName("https://example.com/.hidden"), undefined);
 * ```
 *
 * @returns `undefined` when no file may have that name: empty, hidden, longer than 255 bytes, with a
 * control, a slash or a back-slash.
 */
export function toFileName(url: URL | string): string | undefined {
  const parsed = typeof url === "string" ? parseRemoteUrl(url) : url;
  const encoded = parsed?.pathname.split("/").at(-1) ?? "";
  let name: string;
  try {
    name = decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
  const isUsable = name !== "" && !name.startsWith(".") && !/[/\\]/.test(name) &&
    !CONTROL_REGEXP.test(name) && new TextEncoder().encode(name).length <= MAX_NAME_BYTES;
  return isUsable ? name : undefined;
}

/** The URL for a log: what follows the path may be a secret, as in pre-signed URLs. */
export function toLogUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}${url.search === "" ? "" : "?…"}`;
}
