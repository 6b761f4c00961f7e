import type { HttpApp } from "./http_app.ts";

/** What Unix and TCP listeners share. */
export interface ListenSettings {
  readonly onListen: () => void;
}

/** Takes reading and writing from all but the owner while the socket's file is made. */
const OTHERS_MASK = 0o177;

/**
 * Listens on a Unix socket whose file has mode 0600 from its first moment.
 *
 * @throws {Deno.errors.AddrInUse} If a server listens there.
 * @throws {Deno.errors.AlreadyExists} If something else than a socket has the path.
 */
export async function listenOnSocket(
  path: string,
  settings: ListenSettings,
  app: HttpApp,
): Promise<Deno.HttpServer<Deno.UnixAddr>> {
  await removeAbandonedSocket(path);
  // Nothing is awaited in between, so no other file of this thread is made under the mask.
  const mask = Deno.build.os === "windows" ? undefined : Deno.umask(OTHERS_MASK);
  try {
    return Deno.serve({ transport: "unix", path, ...settings }, app);
  } finally {
    if (mask !== undefined) Deno.umask(mask);
  }
}

/** A killed server leaves its socket's file behind, and nobody answers there. */
async function removeAbandonedSocket(path: string): Promise<void> {
  let found: Deno.FileInfo;
  try {
    found = await Deno.lstat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  if (!found.isSocket) {
    throw new Deno.errors.AlreadyExists("something else than a socket has this path");
  }
  try {
    (await Deno.connect({ transport: "unix", path })).close();
  } catch (error) {
    if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
    await Deno.remove(path);
    return;
  }
  throw new Deno.errors.AddrInUse("a server listens on this socket");
}
