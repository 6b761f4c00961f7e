/** A name in a query, escaped or not, whose value opens something: `token`, `api_key`, `X-Amz-Signature`. */
const QUERY_SECRET_REGEXP =
  /([?&]|%3F|%26)([\w.-]*(?:token|secret|passw|pwd|signature|credential|api[_-]?key|access[_-]?key|auth)[\w.-]*|sig|key)(=|%3D)(?:(?!%26|%23)[^&#\s"'\\])+/gi;
const USER_INFO_REGEXP = /(:\/\/|%3A%2F%2F)(?:(?!%2F|%40)[^/@\s"'\\?#])+(@|%40)/gi;
const BEARER_REGEXP = /\b(Bearer\s+)[\w.~+/-]+=*/gi;

/**
 * Replaces by `***` what a URL in a text keeps secret: values of token-like query parameters, user names
 * and passwords before a host; and what follows `Bearer`. URLs inside of URLs are looked through, too.
 *
 * A safety net for texts that quote what a client sent: nobody logs headers or bodies in the first place.
 *
 * @example
 * ```ts
 * import { strictEqual } from "node:assert";
 * import { maskSecrets } from "./mask_secrets.ts";
 *
 * strictEqual(maskSecrets("/models?token=abc&batch_size=2"), "/models?token=***&batch_size=2");
 * strictEqual(maskSecrets("https://me:pw@host/a.mar"), "https://***@host/a.mar");
 * ```
 */
export function maskSecrets(text: string): string {
  return text
    .replace(QUERY_SECRET_REGEXP, "$1$2$3***")
    .replace(USER_INFO_REGEXP, "$1***$2")
    .replace(BEARER_REGEXP, "$1***");
}
