import { join } from "node:path";
import { ConfigError, type S3Credentials } from "./server_config.ts";

/** The environment's variables by name; handed in, so that tests have their own. */
export type Environment = Readonly<Record<string, string>>;

const VARIABLE_REGEXP = /\$\$([A-Za-z_][A-Za-z0-9_]*)\$\$/g;

export function readEnvironment(): Environment {
  return Deno.env.toObject();
}

/**
 * Puts the environment's values in the place of `$$NAME$$`.
 *
 * @param where What the value is of, for the message, which begins with TorchServe's.
 * @throws {ConfigError} If a variable is not set.
 */
export function expandVariables(text: string, environment: Environment, where: string): string {
  return text.replaceAll(VARIABLE_REGEXP, (_match, name: string) => {
    const value = environment[name];
    if (value !== undefined) return value;
    throw new ConfigError(
      `Invalid configuration: Invalid Environment Variable ${name}: ${where} needs it, set it`,
    );
  });
}

/** The folder of temporary files, as Python's `tempfile` finds it: there launchers look for the pid file. */
export function resolveTempDir(environment: Environment): string {
  const { TMPDIR, TEMP, TMP } = environment;
  return [TMPDIR, TEMP, TMP].find((dir) => dir !== undefined && dir !== "") ?? "/tmp";
}

/**
 * The folder for what is kept from one start to the next, as `MARINA_CACHE_DIR` or else the system says.
 * Nobody has made it yet.
 */
export function resolveCacheDir(environment: Environment, os: typeof Deno.build.os): string {
  const { MARINA_CACHE_DIR, XDG_CACHE_HOME, LOCALAPPDATA, HOME } = environment;
  if (MARINA_CACHE_DIR) return MARINA_CACHE_DIR;
  if (os === "windows" && LOCALAPPDATA) return join(LOCALAPPDATA, "marina");
  if (os === "darwin" && HOME) return join(HOME, "Library", "Caches", "marina");
  if (XDG_CACHE_HOME) return join(XDG_CACHE_HOME, "marina");
  if (HOME) return join(HOME, ".cache", "marina");
  // Others may have theirs beside it.
  const uid = readUserId();
  return join(resolveTempDir(environment), uid === null ? "marina-cache" : `marina-cache-${uid}`);
}

/** `null` where users have no number, or this process may not ask. */
function readUserId(): number | null {
  try {
    return Deno.uid();
  } catch {
    return null;
  }
}

/** `resolveTempDir` of this process's environment. */
export function readTempDir(): string {
  return resolveTempDir(readEnvironment());
}

/** The keys for S3, by the names of AWS's own tools; absent unless key, secret and region are there. */
export function resolveS3Credentials(environment: Environment): S3Credentials | undefined {
  const accessKeyId = environment.AWS_ACCESS_KEY_ID || undefined;
  const secretAccessKey = environment.AWS_SECRET_ACCESS_KEY || undefined;
  const region = environment.AWS_DEFAULT_REGION || environment.AWS_REGION || undefined;
  if (accessKeyId === undefined || secretAccessKey === undefined || region === undefined) return;
  const sessionToken = environment.AWS_SESSION_TOKEN || undefined;
  return { accessKeyId, secretAccessKey, region, sessionToken };
}
