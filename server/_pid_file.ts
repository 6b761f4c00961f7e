/** The file that tells `serve --stop` which process `serve --start` has started. */
import { join } from "node:path";
import { ConfigError } from "./config/mod.ts";
import { readProcessIdentity } from "./_process_identity.ts";

/** TorchServe's name, which scripts look for. */
const FILE_NAME = ".model_server.pid";

/** A process, told apart from those that get its number later. */
export interface RunningProcess {
  readonly pid: number;
  readonly identity: string;
}

/** This process's own pid file. */
export interface PidFile {
  /** Removes it, unless it is another's by now. */
  remove(): Promise<void>;
}

/**
 * Answers the server that the pid file names, if it runs.
 *
 * A process that has taken the number since, one of another boot or container, and a file of another user
 * do not count.
 *
 * @param dir The folder of temporary files.
 */
export async function findRunningServer(dir: string): Promise<RunningProcess | undefined> {
  return (await readEntry(join(dir, FILE_NAME)))?.running;
}

/**
 * Writes this process into the pid file: its number on the first line, and who it is on the second, as
 * numbers are used again. What a dead server left there goes.
 *
 * @throws {ConfigError} If the server that is in it runs, or it cannot be written.
 */
export async function claimPidFile(dir: string): Promise<PidFile> {
  const path = join(dir, FILE_NAME);
  const identity = await readProcessIdentity(Deno.pid);
  if (identity === undefined) {
    throw new ConfigError(
      "Cannot start: this system does not tell processes apart, leave --start out",
    );
  }
  const text = `${Deno.pid}\n${identity}\n`;
  let draft: string | undefined;
  try {
    draft = await Deno.makeTempFile({ dir, prefix: `${FILE_NAME}.` });
    await Deno.writeTextFile(draft, text);
    while (!await linkUnlessThere(draft, path)) {
      const entry = await readEntry(path);
      if (entry?.running !== undefined) throw createRunningError();
      // A pid file that changes hands meanwhile is the other's.
      if (entry !== undefined) await removeIfThere(path);
    }
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    throw new ConfigError(
      `Cannot start: the pid file "${path}" cannot be written, name another folder as environment variable TMPDIR`,
      { cause },
    );
  } finally {
    if (draft !== undefined) await removeIfThere(draft);
  }
  return {
    async remove() {
      if ((await readEntry(path))?.text === text) await removeIfThere(path);
    },
  };
}

/** Removes what a server has left that runs no more. */
export async function removeStalePidFile(dir: string): Promise<void> {
  const path = join(dir, FILE_NAME);
  const entry = await readEntry(path);
  if (entry !== undefined && entry.running === undefined && entry.isOwn) {
    await removeIfThere(path);
  }
}

export async function isRunning({ pid, identity }: RunningProcess): Promise<boolean> {
  return await readProcessIdentity(pid) === identity;
}

/** The answer of a start beside a running server. */
export function createRunningError(): ConfigError {
  return new ConfigError(
    "Marina is already running, please use marina serve --stop to stop Marina.",
  );
}

interface Entry {
  readonly text: string;
  /** Whether the file is this user's. */
  readonly isOwn: boolean;
  readonly running?: RunningProcess;
}

async function readEntry(path: string): Promise<Entry | undefined> {
  let text: string;
  let isOwn: boolean;
  try {
    const { uid, isSymlink } = await Deno.lstat(path);
    isOwn = !isSymlink && (uid === null || uid === Deno.uid());
    text = isOwn ? await Deno.readTextFile(path) : "";
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  const [, pid, identity] = /^(\d{1,10})\n(\S+)\n$/.exec(text) ?? [];
  if (pid === undefined || identity === undefined) return { text, isOwn };
  const running = { pid: Number(pid), identity };
  return await isRunning(running) ? { text, isOwn, running } : { text, isOwn };
}

async function linkUnlessThere(draft: string, path: string): Promise<boolean> {
  try {
    await Deno.link(draft, path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return false;
    throw error;
  }
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
