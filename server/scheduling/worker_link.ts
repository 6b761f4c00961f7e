import type { CarrierOptions, StartCarrier, WorkerCarrier, WorkerProcess } from "./carrier.ts";
import type { Clock } from "./clock.ts";
import type { FromWorkerMessage, ReleasedMessage, ToWorkerMessage } from "./protocol.ts";
import type { WireFailure } from "./protocol.ts";

export interface WorkerLinkOptions extends CarrierOptions {
  readonly clock: Clock;
  readonly startCarrier: StartCarrier;
}

/** What a worker says, and that it is gone without a word of its own. */
export interface WorkerLinkEvents {
  onMessage(message: Exclude<FromWorkerMessage, ReleasedMessage>): void;
  onFailure(failure: WireFailure): void;
}

/**
 * One started worker, from its first message to its end.
 *
 * Ending a thread alone keeps the whole model in memory, so `close()` asks for the session back first if
 * the worker still listens.
 */
export class WorkerLink {
  readonly #clock: Clock;
  readonly #carrier: WorkerCarrier;
  /** True when nothing listens at the other end any more. */
  #isDeaf = false;
  #isClosed = false;
  #closing: Promise<boolean> | undefined;
  #onReleased: (() => void) | undefined;

  constructor(options: WorkerLinkOptions, events: WorkerLinkEvents) {
    this.#clock = options.clock;
    const { name, modelDir, isolation } = options;
    this.#carrier = options.startCarrier({ name, modelDir, isolation }, {
      onMessage: (message) => {
        if (this.#isClosed) return;
        if (message.type === "released") return this.#onReleased?.();
        try {
          events.onMessage(message);
        } catch (error) {
          // A handler can send what it likes: nonsense costs its worker, not the server.
          const reason = error instanceof Error ? error.message : String(error);
          events.onFailure({ message: `The worker sent what makes no sense: ${reason}` });
        }
      },
      onFailure: (failure) => {
        if (this.#isClosed) return;
        this.#isDeaf = true;
        this.#onReleased?.();
        events.onFailure(failure);
      },
    });
  }

  /** See {@linkcode WorkerCarrier.process}. */
  get process(): WorkerProcess | undefined {
    return this.#carrier.process;
  }

  /** See {@linkcode WorkerCarrier.post}. */
  post(message: ToWorkerMessage, options?: { readonly keepsBytes?: boolean }): void {
    this.#carrier.post(message, options);
  }

  /**
   * Asks for the session back, waits for it a while, and ends the worker; safe to call again.
   *
   * @returns False when the worker has given nothing back in time.
   */
  close(timeoutMs: number): Promise<boolean> {
    return this.#closing ??= this.#close(timeoutMs);
  }

  async #close(timeoutMs: number): Promise<boolean> {
    const isReleased = this.#isDeaf || await this.#release(timeoutMs);
    this.#carrier.terminate({ isReleased });
    this.#isClosed = true;
    return isReleased;
  }

  /** Answers false when the time was over first. */
  #release(timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const cancel = this.#clock.schedule(timeoutMs, () => resolve(false));
      this.#onReleased = () => {
        cancel();
        resolve(true);
      };
      this.#carrier.post({ type: "release" });
    });
  }
}
