import type { SnapshotKind } from "../config/mod.ts";
import { SnapshotFolder } from "./_snapshot_folder.ts";
import { toSnapshotText } from "./_snapshot_text.ts";
import type { ServerState } from "./server_state.ts";

export interface SnapshotWriterOptions {
  /** Made where there is none. */
  readonly dir: string;
  /** The state of this moment. */
  readonly describe: () => ServerState;
  /** The effective settings by upstream's names. */
  readonly properties: ReadonlyMap<string, string>;
  /** What the settings were read from; it is never removed. */
  readonly configFile: string;
  readonly serverVersion: string;
  readonly now: () => Date;
  /** Told of each snapshot that could not be written: the state of then is not on disk. */
  readonly onFailure: (error: unknown, kind: SnapshotKind) => void;
  /** Told whenever the state of the moment is on disk. */
  readonly onWritten?: () => void;
}

/**
 * Writes the server's state to disk, one snapshot after the other.
 *
 * Calls that come while one is being written share the next one; each still waits for a snapshot that began
 * after it. A change of nothing writes nothing.
 */
export class SnapshotWriter {
  readonly #options: SnapshotWriterOptions;
  #folder: SnapshotFolder | undefined;
  /** The state of the newest snapshot, as text. */
  #written: string | undefined;
  /** Ends with the last write that was asked for. */
  #tail = Promise.resolve();
  /** The write that has been asked for and has not begun. */
  #next: Promise<void> | undefined;
  #failures = 0;

  constructor(options: SnapshotWriterOptions) {
    this.#options = options;
  }

  /** Snapshots that could not be written. */
  get failures(): number {
    return this.#failures;
  }

  /**
   * Answers once the state of this moment, or of a later one, is on disk. Never rejects: what cannot be
   * written goes to `onFailure`, and the next change tries again.
   */
  save(): Promise<void> {
    this.#next ??= this.#enqueue(() => {
      this.#next = undefined;
      return this.#write("snapshot");
    });
    return this.#next;
  }

  /** As {@linkcode save}, for the two that are written though nothing has changed. */
  mark(kind: "startup" | "shutdown"): Promise<void> {
    return this.#enqueue(() => this.#write(kind));
  }

  #enqueue(write: () => Promise<void>): Promise<void> {
    this.#tail = this.#tail.then(write);
    return this.#tail;
  }

  async #write(kind: SnapshotKind): Promise<void> {
    const { dir, configFile, describe, now, onWritten } = this.#options;
    try {
      const state = describe();
      const stateText = JSON.stringify(state);
      if (kind === "snapshot" && stateText === this.#written) return onWritten?.();
      const at = now();
      this.#folder ??= await SnapshotFolder.open(dir, configFile, at);
      await this.#folder.write(
        kind,
        at,
        (fileName) =>
          toSnapshotText(state, { ...this.#options, fileName, createdAtMs: at.getTime() }),
      );
      this.#written = stateText;
      onWritten?.();
    } catch (error) {
      this.#failures++;
      // What is in the folder, and whether it is there, is looked at again.
      this.#folder = undefined;
      this.#options.onFailure(error, kind);
    }
  }
}
