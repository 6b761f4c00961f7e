import { createFileExistsError, type FetchedArchive } from "../downloads/mod.ts";

/** An archive in the model store, for as long as a model is registered from it. */
export interface StoredArchive {
  /** Its name in the store, or the one that it gets by `commit()`. */
  readonly name: string;
  /** Where it can be read, until `commit()` at least. */
  readonly path: string;
  /**
   * Gives what was downloaded to replace another copy that one's place. Does nothing for others.
   *
   * @throws {ServeError} `model_file_exists` if another model has come to use the other copy.
   */
  commit(): void;
  /** Its model is registered: from now on a kill of the server leaves what was downloaded where it is. */
  settle(): Promise<void>;
  /** Its model is not registered any more: with the last one that used it a download is deleted. */
  release(): Promise<void>;
  /** Its model could not be registered: a download that was made for it is deleted, an older one stays. */
  abandon(): Promise<void>;
}

/** Where a file of the store comes from: a download of this run or an earlier one, or it is the operator's. */
export type CopyOrigin = "this_run" | "earlier_run" | "operator";

export interface CopyOptions {
  readonly name: string;
  readonly path: string;
  /** Of this run unless given. */
  readonly origin?: CopyOrigin;
  /** To be called when nobody uses it any more. */
  readonly forget: (removes: boolean) => Promise<void>;
  /** To be called once a model is registered from it. */
  readonly settle: () => Promise<void>;
}

/** One download in the model store, and those who use it. */
export class Copy {
  readonly #options: CopyOptions;
  readonly #users = new Set<StoredArchive>();
  #origin: CopyOrigin;
  #arrival: Promise<unknown> | undefined;

  constructor(options: CopyOptions) {
    this.#options = options;
    this.#origin = options.origin ?? "this_run";
  }

  /** True while it is being downloaded. */
  get isArriving(): boolean {
    return this.#arrival !== undefined;
  }

  isUsedOnlyBy(user: StoredArchive): boolean {
    return this.#users.size === 1 && this.#users.has(user);
  }

  /**
   * The first use of a copy that is not there yet.
   *
   * @param download Answers what is there then; what is the operator's is forgotten at once.
   */
  async arrive(download: () => Promise<CopyOrigin>): Promise<StoredArchive> {
    const archive = this.use();
    const arrival = download();
    this.#arrival = arrival;
    try {
      this.#origin = await arrival;
      if (this.#origin === "operator") await this.#options.forget(false);
      return archive;
    } catch (error) {
      await this.#options.forget(false);
      throw error;
    } finally {
      this.#arrival = undefined;
    }
  }

  /** One more use, once it is there. */
  async join(): Promise<StoredArchive> {
    const archive = this.use();
    await this.#arrival;
    return archive;
  }

  /** One more use of what is there. */
  use(): StoredArchive {
    const { name, path } = this.#options;
    const archive: StoredArchive = {
      name,
      path,
      commit: () => {},
      settle: () => this.#settle(),
      release: () => this.#end(archive, true),
      abandon: () => this.#end(archive, this.#origin === "this_run"),
    };
    this.#users.add(archive);
    return archive;
  }

  /** A use of what was downloaded anew, which this copy becomes by `commit()`. */
  renew(fetched: FetchedArchive): StoredArchive {
    const { name } = this.#options;
    const end = async (): Promise<void> => {
      await fetched[Symbol.asyncDispose]();
      await this.#end(archive, true);
    };
    const archive: StoredArchive = {
      name,
      path: fetched.path,
      commit: () => {
        if (this.#users.size !== 1) throw createFileExistsError(name);
        fetched.replace();
        this.#users.add(archive);
        this.#origin = "this_run";
      },
      settle: () => this.#settle(),
      release: end,
      abandon: end,
    };
    return archive;
  }

  async #settle(): Promise<void> {
    if (this.#origin === "this_run") await this.#options.settle();
  }

  async #end(archive: StoredArchive, removes: boolean): Promise<void> {
    if (!this.#users.delete(archive) || this.#users.size > 0) return;
    await this.#options.forget(removes);
  }
}
