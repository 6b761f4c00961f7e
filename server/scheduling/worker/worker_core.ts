import type { Context } from "../../../handlers/mod.ts";
import type {
  FromWorkerMessage,
  LoadFailedMessage,
  LoadMessage,
  LogMessage,
  ToWorkerMessage,
  WireBatch,
} from "../protocol.ts";
import { shorten } from "../shorten.ts";
import { relayConsole } from "./console_relay.ts";
import { describeError, isOutOfMemory } from "./describe_error.ts";
import { type LoadedWorker, loadWorker } from "./load_worker.ts";
import { createTooLargeText, encodeResults, runBatch } from "./run_batch.ts";
import type { SessionOwner } from "./session_owner.ts";
import { WarmupError } from "./warm_up.ts";

/** Characters of a warning; the rest is cut. */
const MAX_WARNING_LENGTH = 65_536;

/** How a worker's messages leave it; the buffers in them may be moved. */
export type PostMessage = (message: FromWorkerMessage) => void;

/**
 * A worker whatever carries its messages: one model, one handler, and the owner of its sessions.
 *
 * It speaks `../protocol.ts` with the scheduler. Batches stand in an inbox and are run one after the
 * other, in the order in which they came. It takes the console and uncaught errors of its whole thread, so
 * there is one in a thread.
 */
export class WorkerCore {
  readonly #post: PostMessage;
  #modelDir = "";
  #loaded: LoadedWorker | undefined;
  #owner: SessionOwner | undefined;
  /** Settled once the runtime is there, or the load has failed. */
  readonly #ownerKnown = Promise.withResolvers<void>();
  #isLoading = false;
  readonly #inbox: WireBatch[] = [];
  #isRunning = false;
  #isReleasing = false;
  /** The batch that the handler is at, for chunks that it sends ahead. */
  #current: { readonly batch: WireBatch; readonly context: Context } | undefined;

  constructor(post: PostMessage) {
    this.#post = post;
    relayConsole((message) => this.#sendLog(message));
    globalThis.addEventListener("error", (event) => this.#die(event, event.error ?? event.message));
    globalThis.addEventListener("unhandledrejection", (event) => this.#die(event, event.reason));
  }

  receive(message: ToWorkerMessage): void {
    switch (message.type) {
      case "load":
        return void this.#load(message);
      case "predict":
        for (const batch of message.batches) this.#inbox.push(batch);
        return void this.#runInbox();
      case "release":
        return void this.#release();
    }
  }

  /** Says with it which requests were being answered. */
  #sendLog(message: LogMessage): void {
    const requestIds = this.#current?.batch.items.map(({ requestId }) => requestId);
    this.#post(requestIds === undefined ? message : { ...message, requestIds });
  }

  readonly #warn = (text: string): void => {
    const message = shorten(text, MAX_WARNING_LENGTH);
    this.#sendLog({ type: "log", source: "worker", level: "warning", message });
  };

  async #load(message: LoadMessage): Promise<void> {
    this.#modelDir = message.modelDir;
    this.#isLoading = true;
    try {
      this.#loaded = await loadWorker(message, {
        onOwner: (sessionOwner) => {
          this.#owner = sessionOwner;
          this.#ownerKnown.resolve();
        },
        onExit: (what) => {
          const failure = { message: `The handler ended its worker with ${what}` };
          this.#post({ type: "died", failure });
        },
        onWarning: this.#warn,
        sendIntermediate: (results) => this.#sendIntermediate(results),
      });
      this.#post(this.#loaded.message);
    } catch (error) {
      this.#ownerKnown.resolve();
      this.#post({ type: "load_failed", ...describeLoadFailure(error, this.#modelDir) });
    }
  }

  #sendIntermediate(results: readonly unknown[]): void {
    if (this.#current === undefined) return;
    const { batch, context } = this.#current;
    const maxBytes = this.#loaded?.rules.maxResponseBytes ?? Infinity;
    const chunks = encodeResults(results, context);
    for (const { body } of chunks) {
      if (body.byteLength > maxBytes) {
        throw new RangeError(createTooLargeText(body.byteLength, maxBytes));
      }
    }
    chunks.forEach((chunk, index) => {
      this.#post({ type: "chunk", batchId: batch.id, index, chunk });
    });
  }

  async #runInbox(): Promise<void> {
    if (this.#isRunning || this.#loaded === undefined) return;
    this.#isRunning = true;
    const { entry, model, rules } = this.#loaded;
    while (this.#inbox.length > 0 && !this.#isReleasing) {
      const batch = this.#inbox.shift()!;
      const startedAtMs = performance.now();
      const outcome = await runBatch(
        batch,
        entry,
        model,
        (context) => {
          this.#current = { batch, context };
        },
        this.#warn,
        rules,
      );
      this.#current = undefined;
      const busyMs = performance.now() - startedAtMs;
      this.#post({ type: "result", batchId: batch.id, busyMs, ...outcome });
    }
    this.#isRunning = false;
  }

  /** Gives every session back; after this the worker may be ended without losing memory. */
  async #release(): Promise<void> {
    this.#isReleasing = true;
    try {
      await this.#loaded?.entry.release?.();
    } catch (error) {
      this.#warn(`Cannot release the handler: ${describeError(error, this.#modelDir).message}`);
    }
    if (this.#isLoading) await this.#ownerKnown.promise;
    await this.#owner?.release();
    this.#post({ type: "released" });
  }

  /** Something was thrown where nobody catches it: the handler's state is unknown from here on. */
  #die(event: Event, error: unknown): void {
    event.preventDefault();
    if (error instanceof Error && error.name === "WorkerExit") return;
    this.#post({ type: "died", failure: describeError(error, this.#modelDir) });
  }
}

function describeLoadFailure(error: unknown, modelDir: string): Omit<LoadFailedMessage, "type"> {
  if (error instanceof WarmupError) {
    return { failure: error.failure, isOutOfMemory: error.isOutOfMemory };
  }
  return {
    failure: describeError(error, modelDir),
    isOutOfMemory: isOutOfMemory(error),
  };
}
