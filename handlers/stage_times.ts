import type { ModelSession, Tensor } from "./tensor.ts";

/** Where the time of one batch went; what is unknown is left out. */
export interface StageTimes {
  readonly preprocessMs?: number;
  readonly inferenceMs?: number;
  readonly postprocessMs?: number;
}

/**
 * Measures how long a worker's models run, for handlers that tell no stages themselves.
 *
 * Runs that overlap count once: it is the time in which at least one was under way.
 */
export class RunWatch {
  #active = 0;
  #sinceMs = 0;
  #totalMs = 0;

  /** The same session, each run of which is measured. */
  watch(session: ModelSession): ModelSession {
    return new WatchedSession(session, this);
  }

  begin(): void {
    if (this.#active++ === 0) this.#sinceMs = performance.now();
  }

  end(): void {
    if (--this.#active === 0) this.#totalMs += performance.now() - this.#sinceMs;
  }

  /** The time since the last call, 0 when nothing ran. */
  takeMs(): number {
    const totalMs = this.#totalMs;
    this.#totalMs = 0;
    return totalMs;
  }
}

class WatchedSession implements ModelSession {
  readonly inputs: ModelSession["inputs"];
  readonly outputs: ModelSession["outputs"];
  readonly #session: ModelSession;
  readonly #watch: RunWatch;

  constructor(session: ModelSession, watch: RunWatch) {
    this.#session = session;
    this.#watch = watch;
    this.inputs = session.inputs;
    this.outputs = session.outputs;
  }

  async run(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
    this.#watch.begin();
    try {
      return await this.#session.run(feeds);
    } finally {
      this.#watch.end();
    }
  }

  release(): Promise<void> {
    return this.#session.release();
  }
}
