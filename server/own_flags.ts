/** Flags of the runtime that Marina is started with, wherever it is started; imports nothing. */

/** What `deno.json` says of unstable features; where Marina runs from a URL no such file is looked at. */
export const UNSTABLE_FLAGS: readonly string[] = [
  "--unstable-worker-options",
  "--unstable-no-legacy-abort",
];

/**
 * Bounds what each thread keeps for short-lived objects to twice these MB. Without it a thread was
 * seen to keep 67 MB (Deno 2.9.6), and a server of 15 threads still grew towards that after ten minutes.
 */
export const ENGINE_FLAG = "--v8-flags=--max-semi-space-size=4";
