/**
 * Cuts what a handler or its process says, which may hold whole requests: what comes after has to go
 * through regular expressions, into a log, and over a channel.
 *
 * @example
 * ```ts
 * import { strictEqual } from "node:assert";
 * import { shorten } from "./shorten.ts";
 *
 * strictEqual(shorten("a long story", 6), "a long…");
 * strictEqual(shorten("short", 6), "short");
 * ```
 */
export function shorten(text: string, maxLength: number): string {
  return text.length > maxLength ? `${text.slice(0, maxLength)}…` : text;
}
