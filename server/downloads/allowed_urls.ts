import { RE2JS, RE2JSException } from "re2js";
import { ConfigError } from "../config/mod.ts";

/** One of the operator's patterns. */
interface AllowedPattern {
  readonly matcher: RE2JS;
  /** The pattern's text in lower case, with escaped punctuation as itself. */
  readonly plainText: string;
}

/**
 * The operator's `allowed_urls`: what may be downloaded.
 *
 * Each pattern must match a whole URL, in any case. They are matched in time linear in the URL's
 * length, whatever the pattern: so back-references and look-around, which cannot be, are refused.
 *
 * @example
 * ```ts
 * import { ok } from "node:assert";
 * import { AllowedUrls } from "./allowed_urls.ts";
 *
 * const allowed = new AllowedUrls(["https://models\\.example/.*\\.mar"]);
 * ok(allowed.includes(new URL("https://models.example/net.mar")));
 * ok(!allowed.includes(new URL("https://models.example.evil/net.mar")));
 * ```
 */
export class AllowedUrls {
  readonly #patterns: readonly AllowedPattern[];

  /** @throws {ConfigError} If a text is no such pattern. */
  constructor(patterns: readonly string[]) {
    this.#patterns = patterns.map(parsePattern);
  }

  /** @param url As `parseRemoteUrl()` makes it. */
  includes(url: URL): boolean {
    return this.#patterns.some(({ matcher }) => matcher.matches(url.href));
  }

  /**
   * True if a pattern that matches the URL also spells its host out, so that the operator meant this very
   * host: `http://127\.0\.0\.1:8000/.*` does, `http://.*` does not.
   */
  namesHostOf(url: URL): boolean {
    return this.#patterns.some(({ matcher, plainText }) =>
      standsAlone(url.hostname.toLowerCase(), plainText) && matcher.matches(url.href)
    );
  }
}

function parsePattern(text: string): AllowedPattern {
  try {
    return {
      matcher: RE2JS.compile(text, RE2JS.CASE_INSENSITIVE),
      plainText: text.replaceAll(/\\([^\p{L}\p{N}])/gu, "$1").toLowerCase(),
    };
  } catch (cause) {
    if (!(cause instanceof RE2JSException)) throw cause;
    throw new ConfigError(
      'Cannot start: setting "allowed_urls" must be a comma-separated list of regular expressions ' +
        `(RE2's), received "${text}": ${cause.message}`,
      { cause },
    );
  }
}

/** Whether a pattern has `host` where a URL has it, between what can stand around a host, and nothing else. */
function standsAlone(host: string, text: string): boolean {
  for (let at = text.indexOf(host); at !== -1; at = text.indexOf(host, at + 1)) {
    const isAuthority = /:\/\/[^/]*$/.test(text.slice(0, at));
    const after = text[at + host.length] ?? "/";
    if (isAuthority && "/(|".includes(text[at - 1]!) && ":/)|(".includes(after)) return true;
  }
  return false;
}
