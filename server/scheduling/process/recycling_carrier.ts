import type {
  CarrierEvents,
  CarrierOptions,
  RecycleRules,
  StartCarrier,
  WorkerCarrier,
  WorkerProcess,
} from "../carrier.ts";
import type { Clock } from "../clock.ts";
import type { FromWorkerMessage, LoadMessage, ToWorkerMessage } from "../protocol.ts";

/** Time that a replaced process has for its handler's `release()`. */
const RELEASE_TIMEOUT_MS = 5_000;

const BYTES_PER_MB = 1024 * 1024;

export interface RecyclingParts {
  readonly rules: RecycleRules;
  /** What starts each of the processes. */
  readonly start: StartCarrier;
  readonly clock: Clock;
}

/** The process that is to take the current one's place. */
interface NextProcess {
  readonly carrier: WorkerCarrier;
  /** Why there is one. */
  readonly reason: string;
  readonly cancelTimeout: () => void;
  /** Absent before it has loaded. */
  loadedAtMs?: number;
}

/**
 * One worker as its owner sees it, one process after the other underneath.
 *
 * When a rule says that a process has served its time, the next one is started beside it and loads the model
 * while the first goes on. Once the next is ready, what comes is held back until the first has answered what
 * it has, and goes to the next then: no request fails, and answers keep their order.
 *
 * A next one that cannot load is told in the log, and the first goes on for as long again.
 */
export class RecyclingCarrier implements WorkerCarrier {
  readonly #options: CarrierOptions;
  readonly #events: CarrierEvents;
  readonly #parts: RecyclingParts;
  #current: WorkerCarrier;
  /** Handed over to the current process and not yet answered. */
  #unanswered = 0;
  /** Since the current process has loaded, or the last try to replace it. */
  #answered = 0;
  /** When the current process had loaded its model. */
  #loadedAtMs = 0;
  /** What it had at its first look after that; 0 before. */
  #loadedBytes = 0;
  #next: NextProcess | undefined;
  readonly #held: ToWorkerMessage[] = [];
  /** Processes that are used no more, and what ends each. */
  readonly #retired = new Map<WorkerCarrier, () => void>();
  #load: LoadMessage | undefined;
  #isReleasing = false;

  constructor(options: CarrierOptions, events: CarrierEvents, parts: RecyclingParts) {
    this.#options = options;
    this.#events = events;
    this.#parts = parts;
    this.#current = this.#startOne();
  }

  get process(): WorkerProcess | undefined {
    return this.#current.process;
  }

  post(message: ToWorkerMessage): void {
    switch (message.type) {
      case "load":
        this.#load = message;
        break;
      case "predict":
        if (this.#next?.loadedAtMs !== undefined) {
          this.#held.push(message);
          return;
        }
        this.#unanswered += message.batches.length;
        break;
      case "release":
        this.#isReleasing = true;
        this.#dropNext();
    }
    this.#current.post(message, { keepsBytes: true });
  }

  terminate(state: { readonly isReleased: boolean }): void {
    this.#isReleasing = true;
    this.#dropNext();
    for (const end of this.#retired.values()) end();
    this.#current.terminate(state);
  }

  #startOne(): WorkerCarrier {
    const carrier: WorkerCarrier = this.#parts.start(this.#options, {
      onMessage: (message) => {
        if (carrier === this.#current) this.#hearCurrent(message);
        else if (carrier === this.#next?.carrier) this.#hearNext(message);
        else if (message.type === "released") this.#retired.get(carrier)?.();
        else if (message.type === "log") this.#events.onMessage(message);
      },
      onFailure: (failure) => {
        if (carrier === this.#current) {
          this.#dropNext();
          this.#events.onFailure(failure);
        } else if (carrier === this.#next?.carrier) this.#giveNextUp(failure.message);
      },
    });
    return carrier;
  }

  #hearCurrent(message: FromWorkerMessage): void {
    this.#events.onMessage(message);
    if (message.type === "loaded") this.#loadedAtMs = this.#parts.clock.now();
    if (message.type !== "result") return;
    this.#unanswered--;
    this.#answered++;
    const reason = this.#next === undefined ? this.#findReason() : undefined;
    if (reason !== undefined) this.#startNext(reason);
    this.#switchIfIdle();
  }

  #hearNext(message: FromWorkerMessage): void {
    if (message.type === "log") return this.#events.onMessage(message);
    if (message.type === "load_failed" || message.type === "died") {
      return this.#giveNextUp(message.failure.message);
    }
    if (message.type !== "loaded") return;
    this.#next!.cancelTimeout();
    this.#next!.loadedAtMs = this.#parts.clock.now();
    this.#switchIfIdle();
  }

  /** Why the current process has served its time; nothing while it has not. */
  #findReason(): string | undefined {
    const { afterBatches, growthBytes } = this.#parts.rules;
    if (afterBatches !== undefined && this.#answered >= afterBatches) {
      return `it had answered ${this.#answered} batches`;
    }
    if (growthBytes === undefined) return undefined;
    const { memoryBytes = 0, memorySeenAtMs = -Infinity } = this.#current.process ?? {};
    // What was seen while it loaded is no measure: the rest of the model would count as growth.
    if (memorySeenAtMs < this.#loadedAtMs) return undefined;
    if (this.#loadedBytes === 0) this.#loadedBytes = memoryBytes;
    const grownBytes = memoryBytes - this.#loadedBytes;
    if (grownBytes < growthBytes) return undefined;
    return `it had grown by ${Math.round(grownBytes / BYTES_PER_MB)} MB`;
  }

  #startNext(reason: string): void {
    if (this.#load === undefined || this.#isReleasing) return;
    const { startupTimeoutMs } = this.#options;
    const cancelTimeout = startupTimeoutMs === undefined
      ? () => {}
      : this.#parts.clock.schedule(startupTimeoutMs, () => {
        this.#giveNextUp(`the next one has not loaded its model within ${startupTimeoutMs} ms`);
      });
    this.#next = { carrier: this.#startOne(), reason, cancelTimeout };
    this.#next.carrier.post(this.#load);
  }

  #switchIfIdle(): void {
    if (this.#next?.loadedAtMs === undefined || this.#unanswered > 0) return;
    const { carrier, reason, loadedAtMs } = this.#next;
    this.#next = undefined;
    const old = this.#current;
    const oldPid = old.process?.pid;
    this.#current = carrier;
    this.#answered = 0;
    this.#loadedAtMs = loadedAtMs;
    this.#loadedBytes = 0;
    for (const message of this.#held.splice(0)) this.post(message);
    this.#retire(old);
    this.#say("info", `A fresh process takes the place of process ${oldPid}: ${reason}`);
  }

  /** Lets the handler of a process that is used no more give back what it has; then it is ended. */
  #retire(old: WorkerCarrier): void {
    const end = (): void => {
      cancel();
      this.#retired.delete(old);
      old.terminate({ isReleased: true });
    };
    const cancel = this.#parts.clock.schedule(RELEASE_TIMEOUT_MS, end);
    this.#retired.set(old, end);
    old.post({ type: "release" });
  }

  #giveNextUp(reason: string): void {
    this.#answered = 0;
    this.#loadedBytes = 0;
    this.#dropNext();
    this.#say("warning", `Cannot replace the worker's process, it goes on: ${reason}`);
  }

  #dropNext(): void {
    const next = this.#next;
    this.#next = undefined;
    next?.cancelTimeout();
    next?.carrier.terminate({ isReleased: false });
    // They were held for the next one; the current one is there to answer them.
    if (!this.#isReleasing) { for (const message of this.#held.splice(0)) this.post(message); }
  }

  #say(level: "info" | "warning", message: string): void {
    this.#events.onMessage({ type: "log", source: "worker", level, message });
  }
}
