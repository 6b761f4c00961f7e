import { relative } from "node:path";
import { readArchivePrint } from "./_archive_print.ts";
import { QuietNames } from "./_quiet_names.ts";
import { createLog } from "./logging/mod.ts";
import type { Clock } from "./scheduling/mod.ts";

/** Longer than the pauses of an editor or a copy, shorter than anyone's patience. */
const QUIET_MS = 300;

/** What has changed: an archive or a folder of the store, or that it is there no more. */
export interface StoreChange {
  readonly name: string;
  readonly isGone: boolean;
}

/**
 * Tells which archives and folders of a model store have changed, for `--watch`. What a link in the store
 * leads to is not watched.
 *
 * The owner calls `close()`.
 */
export class StoreWatch {
  readonly #dir: string;
  readonly #watcher: Deno.FsWatcher;
  readonly #clock: Clock;
  readonly #printByName: Map<string, string>;
  readonly #queued = new Set<string>();
  #isClosed = false;
  #watching: Promise<void> = Promise.resolve();

  private constructor(
    dir: string,
    watcher: Deno.FsWatcher,
    clock: Clock,
    printByName: Map<string, string>,
  ) {
    this.#dir = dir;
    this.#watcher = watcher;
    this.#clock = clock;
    this.#printByName = printByName;
  }

  /** Looks at the store as it is now: what changes from now on is told. */
  static async open(dir: string, clock: Clock): Promise<StoreWatch> {
    const realDir = await Deno.realPath(dir);
    const watcher = Deno.watchFs(realDir);
    const printByName = new Map<string, string>();
    for await (const { name } of Deno.readDir(realDir)) {
      const print = isHidden(name) ? undefined : await readArchivePrint(`${realDir}/${name}`);
      if (print !== undefined) printByName.set(name, print);
    }
    return new StoreWatch(realDir, watcher, clock, printByName);
  }

  /** Calls back for one change after the other; the next one waits until the call back is done. */
  begin(onChange: (change: StoreChange) => Promise<void>): void {
    let telling: Promise<void> = Promise.resolve();
    const names = new QuietNames({
      quietMs: QUIET_MS,
      schedule: (delayMs, callback) => this.#clock.schedule(delayMs, callback),
      onQuiet: (name) => {
        if (this.#queued.has(name)) return;
        this.#queued.add(name);
        telling = telling.then(() => this.#tell(name, onChange));
      },
    });
    this.#watching = this.#watch(names).finally(() => names.clear()).then(() => telling);
  }

  /** Looks no more. Answers once the last call back is done. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#watcher.close();
    await this.#watching;
  }

  async #watch(names: QuietNames): Promise<void> {
    try {
      for await (const { kind, paths } of this.#watcher) {
        if (kind === "access") continue;
        for (const path of paths) {
          const [name] = relative(this.#dir, path).split(/[/\\]/);
          if (name !== undefined && !isHidden(name)) names.touch(name);
        }
      }
    } catch (error) {
      createLog("watch").error("Cannot watch the model store any more", { error });
    }
  }

  async #tell(name: string, onChange: (change: StoreChange) => Promise<void>): Promise<void> {
    this.#queued.delete(name);
    if (this.#isClosed) return;
    try {
      const print = await readArchivePrint(`${this.#dir}/${name}`);
      if (print === this.#printByName.get(name)) return;
      if (print === undefined) this.#printByName.delete(name);
      else this.#printByName.set(name, print);
      await onChange({ name, isGone: print === undefined });
    } catch (error) {
      createLog("watch").error("Cannot follow a change of the model store", { name, error });
    }
  }
}

/** Also the store itself, `""`, and what lies beside it, `".."`. */
function isHidden(name: string): boolean {
  return name === "" || name.startsWith(".");
}
