import { TokenAuthority } from "./authorization/mod.ts";
import type { ServerConfig } from "./config/mod.ts";
import { createLog } from "./logging/mod.ts";
import type { Clock } from "./scheduling/mod.ts";

/**
 * Makes the keys that requests need, and tells the operator where to find them.
 *
 * @returns `undefined` when the config asks for no tokens.
 * @throws {ConfigError} If the key file cannot be written, or is a running server's.
 */
export async function openTokenKeys(
  { tokens }: ServerConfig,
  clock: Clock,
): Promise<TokenAuthority | undefined> {
  if (tokens === undefined) return undefined;
  const authority = await TokenAuthority.open({ ...tokens, ...clock });
  createLog("authorization").info("Requests need a token, the key file has them", {
    keyFile: tokens.keyFile,
    validMinutes: tokens.expirationMs / 60_000,
  });
  return authority;
}
