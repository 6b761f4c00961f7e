import type { ServeError } from "../errors.ts";
import { BackOff, type Recovery } from "./back_off.ts";
import type { Isolation, StartCarrier } from "./carrier.ts";
import type { Clock } from "./clock.ts";
import { type BatchCloseReason, InFlight, type SentBatch } from "./in_flight.ts";
import type { PendingRequest } from "./pending_request.ts";
import type { WorkerFailureKind } from "./pool_events.ts";
import type {
  FromWorkerMessage,
  LoadedMessage,
  LoadFailedMessage,
  LoadMessage,
  LogMessage,
  ReleasedMessage,
  ResultMessage,
  WireFailure,
} from "./protocol.ts";
import { ResponseWatchdog } from "./response_watchdog.ts";
import type { WebGpuLease } from "./webgpu_lease.ts";
import type { WorkerDescription, WorkerFailure } from "./worker_description.ts";
import { WorkerLink } from "./worker_link.ts";
import { nextWorkerState, type WorkerEvent, type WorkerState } from "./worker_state.ts";

/** Time a worker has to give its model's memory back before its thread is ended all the same. */
const RELEASE_TIMEOUT_MS = 5_000;

/** The same for a worker that has failed: it may be caught in an endless loop. */
const FAILED_RELEASE_TIMEOUT_MS = 1_000;

/** A runtime ends a thread when it comes back from what it is doing, which may be never. */
const STUCK_THREAD_TEXT =
  "The worker's thread does not come back: it may keep its memory, and a core if it loops, until the server stops; with isolation: process in its model-config.yaml it can be ended";

/** What a worker loads, the device apart: that is each worker's own. */
export type LoadTemplate = Omit<LoadMessage, "type" | "device">;

export interface ModelWorkerOptions {
  readonly id: string;
  readonly load: LoadTemplate;
  /** The device's index, `null` for the CPU. */
  readonly gpuId: number | null;
  /** True when `deviceType: gpu` forbids the CPU. */
  readonly requiresGpu: boolean;
  /** 0: a start fails at once, for good. */
  readonly startupTimeoutMs: number;
  readonly responseTimeoutMs: number;
  readonly maxRetryTimeoutMs: number;
  readonly clock: Clock;
  readonly startCarrier: StartCarrier;
  /** What it runs in where nothing else is needed, a thread unless given. */
  readonly isolation?: Isolation;
  readonly webGpuLease: WebGpuLease;
}

/** How a worker stopped by itself. */
export interface WorkerStop {
  readonly failure: WireFailure;
  readonly kind: WorkerFailureKind;
  /** The batch that it was running, whose requests have failed with it. */
  readonly lost?: SentBatch;
  /** Requests that it held but had not begun. */
  readonly returned: readonly PendingRequest[];
  /** When it is started again; absent when it is not. */
  readonly retryDelayMs?: number;
}

/** What a worker tells its pool. */
export interface ModelWorkerEvents {
  /** It has loaded its model and takes batches. `recovery` is what it has recovered from. */
  onReady(worker: ModelWorker, message: LoadedMessage, recovery: Recovery | undefined): void;
  /** A batch is done: there may be room for the next. */
  onResult(worker: ModelWorker, message: ResultMessage, batch: SentBatch): void;
  onFailure(worker: ModelWorker, stop: WorkerStop): void;
  onLog(worker: ModelWorker, message: LogMessage): void;
}

/** How a start ended, for those who wait for it. */
export type StartOutcome = "ready" | "failed" | "out_of_memory" | "stopped";

/**
 * One worker's life: started, fed, watched, restarted after a failure, stopped.
 *
 * Its states and what leads from one to another are in {@linkcode nextWorkerState}; this is what is done
 * on the way. The owner calls `start()` once and `stop()` once.
 */
export class ModelWorker {
  readonly id: string;
  readonly inFlight = new InFlight();
  readonly #options: ModelWorkerOptions;
  readonly #events: ModelWorkerEvents;
  readonly #backOff: BackOff;
  readonly #watchdog: ResponseWatchdog;
  #state: WorkerState = "starting";
  #startedAtMs: number;
  #link: WorkerLink | undefined;
  #executionProvider: string | undefined;
  #gpuId: number | null;
  #failure: WorkerFailure | undefined;
  #cancelTimer: (() => void) | undefined;
  #nextStartAtMs = 0;
  #onEmpty: (() => void) | undefined;
  #settleStart!: (outcome: StartOutcome) => void;

  readonly #ended: Promise<void>;
  #settleEnded!: () => void;

  /** How the first start ends; it never rejects. */
  readonly firstStart: Promise<StartOutcome>;

  constructor(options: ModelWorkerOptions, events: ModelWorkerEvents) {
    const { clock, responseTimeoutMs, maxRetryTimeoutMs } = options;
    this.id = options.id;
    this.#options = options;
    this.#events = events;
    this.#gpuId = options.gpuId;
    this.#startedAtMs = clock.now();
    this.#backOff = new BackOff({ maxRetryTimeoutMs });
    this.#watchdog = new ResponseWatchdog({
      clock,
      timeoutMs: responseTimeoutMs,
      isBusy: () => this.inFlight.size > 0,
      onSilence: () => this.#fail("response_timeout", `No answer within ${responseTimeoutMs} ms`),
    });
    this.firstStart = new Promise((resolve) => (this.#settleStart = resolve));
    this.#ended = new Promise((resolve) => (this.#settleEnded = resolve));
  }

  get state(): WorkerState {
    return this.#state;
  }

  /** True while it runs or may come back by itself. */
  get isAlive(): boolean {
    return this.#state === "starting" || this.#state === "ready" || this.#state === "waiting";
  }

  /** Its failures since it last loaded; absent when there are none. */
  get recovery(): Recovery | undefined {
    return this.#backOff.recovery;
  }

  /** What stopped it first since it last loaded; absent while nothing has. */
  get failure(): WorkerFailure | undefined {
    return this.#failure;
  }

  /** When it ran out of work; absent while it has some, or cannot do any. */
  get idleSinceMs(): number | undefined {
    return this.#state === "ready" && this.inFlight.size === 0 ? this.#watchdog.sinceMs : undefined;
  }

  /** When it is started again; absent unless it waits for that. */
  get nextStartAtMs(): number | undefined {
    return this.#state === "waiting" ? this.#nextStartAtMs : undefined;
  }

  describe(): WorkerDescription {
    return {
      id: this.id,
      startedAtMs: this.#startedAtMs,
      state: this.#state,
      gpuId: this.#gpuId,
      executionProvider: this.#executionProvider,
      process: this.#link?.process,
      failure: this.#failure,
    };
  }

  async start(): Promise<void> {
    const { clock, gpuId, load, webGpuLease, startupTimeoutMs, requiresGpu } = this.#options;
    this.#startedAtMs = clock.now();
    if (startupTimeoutMs === 0) {
      return this.#fail("startup_timeout", "The startup timeout is 0: no start is in time", true);
    }
    const isolation = await this.#chooseIsolation();
    if (this.#state !== "starting") return webGpuLease.release(this.id);
    this.#cancelTimer = clock.schedule(startupTimeoutMs, () => {
      this.#fail("startup_timeout", `The model was not loaded within ${startupTimeoutMs} ms`);
    });
    this.#link = new WorkerLink({
      name: `W-${this.id}-${load.modelName}_${load.modelVersion}`,
      modelDir: load.modelDir,
      isolation,
      startCarrier: this.#options.startCarrier,
      clock,
    }, {
      onMessage: (message) => this.#receive(message),
      onFailure: (failure) => this.#fail("disconnected", failure),
    });
    this.#link.post({
      type: "load",
      ...load,
      device: { gpuId, mayFallBack: !requiresGpu },
    });
  }

  /** One thread of a process may use WebGPU: while another worker does, this one gets a process of its own. */
  async #chooseIsolation(): Promise<Isolation> {
    const { gpuId, webGpuLease, isolation = "thread" } = this.#options;
    if (gpuId === null || isolation === "process") return isolation;
    return await webGpuLease.acquire(this.id) ? "thread" : "process";
  }

  /**
   * Hands batches over in one message. Those behind the one that starts at once keep their bytes here,
   * so that they can go to another worker should this one die first.
   */
  send(batches: readonly (readonly PendingRequest[])[], closedBy: BatchCloseReason): void {
    const startsNow = this.inFlight.size === 0;
    const nowMs = this.#options.clock.now();
    const wire = batches.map((requests) => this.inFlight.add(requests, closedBy, nowMs));
    if (startsNow) {
      this.#watchdog.sinceMs = nowMs;
      this.#link?.post({ type: "predict", batches: wire.slice(0, 1) });
      if (wire.length > 1) {
        this.#link?.post({ type: "predict", batches: wire.slice(1) }, { keepsBytes: true });
      }
    } else {
      this.#link?.post({ type: "predict", batches: wire }, { keepsBytes: true });
    }
    this.#watchdog.start();
  }

  /**
   * Finishes what it holds, gives the model's memory back and ends. Safe to call in any state, and again.
   *
   * @param releaseTimeoutMs Time that giving the memory back may take.
   */
  async stop(releaseTimeoutMs = RELEASE_TIMEOUT_MS): Promise<void> {
    if (!this.#move("stop")) return await this.#ended;
    this.#cancelTimer?.();
    if (this.inFlight.size > 0) {
      await new Promise<void>((resolve) => (this.#onEmpty = resolve));
    }
    await this.#end(releaseTimeoutMs);
    this.#move("ended");
    this.#settleStart("stopped");
    this.#settleEnded();
  }

  /** Fails what it holds with `error` and ends without waiting for the batch that runs. */
  async abandon(error: ServeError): Promise<void> {
    this.inFlight.failAll(error);
    this.#onEmpty?.();
    await this.stop(FAILED_RELEASE_TIMEOUT_MS);
  }

  /** False when the event means nothing in the present state. */
  #move(event: WorkerEvent): boolean {
    const next = nextWorkerState(this.#state, event);
    if (next === undefined) return false;
    this.#state = next;
    return true;
  }

  #receive(message: Exclude<FromWorkerMessage, ReleasedMessage>): void {
    switch (message.type) {
      case "loaded":
        return this.#becomeReady(message);
      case "load_failed":
        return this.#failToLoad(message);
      case "result":
        return this.#settle(message);
      case "chunk":
        // An endless stream that nobody reads is no sign of life.
        if (this.inFlight.sendChunk(message)) this.#watchdog.sinceMs = this.#options.clock.now();
        return;
      case "log":
        return this.#events.onLog(this, message);
      case "died":
        return this.#fail("died", message.failure);
    }
  }

  #becomeReady(message: LoadedMessage): void {
    if (!this.#move("loaded")) return;
    this.#cancelTimer?.();
    this.#watchdog.sinceMs = this.#options.clock.now();
    this.#executionProvider = message.executionProvider;
    this.#gpuId = message.gpuId;
    if (message.executionProvider === "webgpu") this.#options.webGpuLease.confirm(this.id);
    else this.#options.webGpuLease.release(this.id);
    const recovery = this.#backOff.recovery;
    this.#backOff.reset();
    this.#settleStart("ready");
    this.#events.onReady(this, message, recovery);
  }

  #failToLoad({ failure, isOutOfMemory }: LoadFailedMessage): void {
    if (isOutOfMemory) this.#settleStart("out_of_memory");
    this.#fail("load", failure);
  }

  #settle(message: ResultMessage): void {
    const batch = this.inFlight.settle(message);
    this.#watchdog.sinceMs = this.#options.clock.now();
    if (this.inFlight.size === 0) this.#onEmpty?.();
    if (batch !== undefined) this.#events.onResult(this, message, batch);
  }

  /**
   * Every failure of every kind comes through here.
   *
   * @param isPermanent True when a restart cannot mend it.
   */
  #fail(kind: WorkerFailureKind, reason: WireFailure | string, isPermanent = false): void {
    const { clock } = this.#options;
    const failure = typeof reason === "string" ? { message: reason } : reason;
    const isStopping = this.#state === "stopping";
    if (this.#state !== "starting" && this.#state !== "ready" && !isStopping) return;
    this.#cancelTimer?.();
    this.#settleStart("failed");
    const lost = this.inFlight.current;
    const returned = this.inFlight.abandon("worker_died", "Worker died.");
    if (isStopping) {
      this.#events.onFailure(this, { failure, kind, lost, returned });
      return this.#onEmpty?.();
    }
    if (this.#backOff.recovery === undefined) {
      const { message, file, line } = failure;
      this.#failure = { message, file, line };
    }
    const nextDelayMs = this.#backOff.nextDelayMs(clock.now());
    const retryDelayMs = isPermanent ? undefined : nextDelayMs;
    this.#move(retryDelayMs === undefined ? "given_up" : "failed");
    const ended = this.#end(FAILED_RELEASE_TIMEOUT_MS);
    if (retryDelayMs !== undefined) {
      this.#nextStartAtMs = clock.now() + retryDelayMs;
      this.#cancelTimer = clock.schedule(retryDelayMs, async () => {
        await ended;
        if (this.#move("retry")) await this.start();
      });
    }
    this.#events.onFailure(this, { failure, kind, lost, returned, retryDelayMs });
  }

  /** Gives the model's memory back and ends the thread. */
  async #end(timeoutMs: number): Promise<void> {
    this.#watchdog.stop();
    const link = this.#link;
    const isReleased = await link?.close(timeoutMs) ?? true;
    this.#link = undefined;
    this.#options.webGpuLease.release(this.id);
    if (isReleased || link?.process !== undefined) return;
    this.#events.onLog(this, {
      type: "log",
      source: "worker",
      level: "warning",
      message: STUCK_THREAD_TEXT,
    });
  }
}
