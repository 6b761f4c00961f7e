import { ConfigError } from "../config/mod.ts";

/** How long another server may take to let the file go, if it is about to stop. */
const CLAIM_TIMEOUT_MS = 1_000;
const OWNER_ONLY = 0o600;

export interface ClaimKeyFileOptions {
  /** Absolute. */
  readonly path: string;
  /** Calls back once, `delayMs` from now; the answer cancels it. */
  readonly schedule: (delayMs: number, callback: () => void) => () => void;
}

/**
 * The file that keys are told in, readable by its owner alone, one server's at a time.
 *
 * A server locks its file (`flock`) as long as it runs, so that a second one in the same folder finds
 * out instead of taking the first one's keys away. The lock ends with the process, however it ends.
 */
export class KeyFile implements Disposable {
  readonly #path: string;
  #locked: Deno.FsFile | undefined;

  private constructor(path: string, locked: Deno.FsFile | undefined) {
    this.#path = path;
    this.#locked = locked;
  }

  /** @throws {ConfigError} If another server's keys are in the file, or it cannot be opened. */
  static async claim({ path, schedule }: ClaimKeyFileOptions): Promise<KeyFile> {
    const file = await openExisting(path);
    if (file === undefined) return new KeyFile(path, undefined);
    const lock = lockFile(file);
    if (await isSettledWithin(CLAIM_TIMEOUT_MS, lock, schedule)) return new KeyFile(path, file);
    // The wait for a lock cannot be taken back: the file is closed once it ends.
    lock.then(() => file.close());
    throw new ConfigError(
      `Cannot start: the key file "${path}" must not be another running server's; start in another ` +
        "folder, or without tokens by --disable-token-auth",
    );
  }

  /** Replaces the file in one step: a reader finds the keys of before, or these. */
  async write(text: string): Promise<void> {
    const draftPath = `${this.#path}.${crypto.randomUUID()}.tmp`;
    const draft = await Deno.open(draftPath, {
      createNew: true,
      write: true,
      read: true,
      mode: OWNER_ONLY,
    });
    try {
      await writeAll(draft, new TextEncoder().encode(text));
      await draft.sync();
      await lockFile(draft);
      await Deno.rename(draftPath, this.#path);
    } catch (error) {
      draft.close();
      await Deno.remove(draftPath).catch(() => {});
      throw error;
    }
    this.#locked?.close();
    this.#locked = draft;
  }

  /** Lets another server have the file. It stays: its keys open nothing once their server has stopped. */
  [Symbol.dispose](): void {
    this.#locked?.close();
    this.#locked = undefined;
  }
}

async function openExisting(path: string): Promise<Deno.FsFile | undefined> {
  try {
    return await Deno.open(path, { read: true });
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return undefined;
    throw new ConfigError(`Cannot start: the key file "${path}" must be readable, it is not`, {
      cause,
    });
  }
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    written += await file.write(bytes.subarray(written));
  }
}

/** Where files cannot be locked, each server thinks that it is alone. */
async function lockFile(file: Deno.FsFile): Promise<void> {
  // A lock on Windows would keep the operator from reading the file.
  if (Deno.build.os === "windows") return;
  try {
    await file.lock(true);
  } catch {
    // The file system has no locks.
  }
}

async function isSettledWithin(
  timeoutMs: number,
  work: Promise<void>,
  schedule: ClaimKeyFileOptions["schedule"],
): Promise<boolean> {
  const timeout = Promise.withResolvers<false>();
  const cancel = schedule(timeoutMs, () => timeout.resolve(false));
  try {
    return await Promise.race([work.then(() => true), timeout.promise]);
  } finally {
    cancel();
  }
}
