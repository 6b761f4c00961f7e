import type { ServeError } from "../errors.ts";
import { BackOff } from "./back_off.ts";
import type { StartCarrier, WorkerCarrier } from "./carrier.ts";
import type { Clock } from "./clock.ts";
import { type BatchCloseReason, InFlight, type SentBatch } from "./in_flight.ts";
import type { PendingRequest } from "./pending_request.ts";
import type {
  FromWorkerMessage,
  LoadedMessage,
  LoadFailedMessage,
  LoadMessage,
  LogMessage,
  ResultMessage,
  WireFailure,
} from "./protocol.ts";
import type { WebGpuLease } from "./webgpu_lease.ts";
import type { WorkerDescription, WorkerFailure, WorkerState } from "./worker_description.ts";

/** Time a worker has to give its model's memory back before its thread is ended all the same. */
const RELEASE_TIMEOUT_MS = 5_000;

/** The same for a worker that has failed: it may be caught in an endless loop. */
const FAILED_RELEASE_TIMEOUT_MS = 1_000;

/** What a worker loads, the device apart: that is each worker's own. */
export type LoadTemplate = Omit<LoadMessage, "type" | "device">;

export interface ModelWorkerOptions {
  readonly id: string;
  readonly load: LoadTemplate;
  /** The device's index, `null` for the CPU. */
  readonly gpuId: number | null;
  /** True when `deviceType: gpu` forbids the CPU. */
  readonly requiresGpu: boolean;
  readonly startupTimeoutMs: number;
  readonly responseTimeoutMs: number;
  readonly maxRetryTimeoutMs: number;
  readonly clock: Clock;
  readonly startCarrier: StartCarrier;
  readonly webGpuLease: WebGpuLease;
}

/** What a worker tells its pool. */
export interface ModelWorkerEvents {
  /** It has loaded its model and takes batches. */
  onReady(worker: ModelWorker, message: LoadedMessage): void;
  /** A batch is done: there may be room for the next. */
  onResult(worker: ModelWorker, message: ResultMessage, batch: SentBatch): void;
  /** It has stopped by itself. `returned` are requests that it held but had not begun. */
  onFailure(worker: ModelWorker, failure: WireFailure, returned: readonly PendingRequest[]): void;
  onLog(worker: ModelWorker, message: LogMessage): void;
}

/** How a start ended, for those who wait for it. */
export type StartOutcome = "ready" | "failed" | "out_of_memory" | "stopped";

/**
 * One worker's life: started, fed, watched, restarted after a failure, stopped.
 *
 * The owner calls `start()` once and `stop()` once. Every way out gives the session back first if the
 * worker still listens, because ending a thread alone keeps the whole model in memory.
 */
export class ModelWorker {
  readonly id: string;
  readonly inFlight = new InFlight();
  readonly #options: ModelWorkerOptions;
  readonly #events: ModelWorkerEvents;
  readonly #backOff: BackOff;
  #state: WorkerState = "starting";
  #startedAtMs: number;
  #carrier: WorkerCarrier | undefined;
  /** True when nothing listens at the other end any more. */
  #isDeaf = false;
  #ending: Promise<void> | undefined;
  #executionProvider: string | undefined;
  #gpuId: number | null;
  #failure: WorkerFailure | undefined;
  #hasLoadedSinceFailure = false;
  #currentSinceMs = 0;
  #cancelTimer: (() => void) | undefined;
  #cancelWatchdog: (() => void) | undefined;
  #onReleased: (() => void) | undefined;
  #onEmpty: (() => void) | undefined;
  #settleStart!: (outcome: StartOutcome) => void;

  readonly #ended: Promise<void>;
  #settleEnded!: () => void;

  /** How the first start ends; it never rejects. */
  readonly firstStart: Promise<StartOutcome>;

  constructor(options: ModelWorkerOptions, events: ModelWorkerEvents) {
    this.id = options.id;
    this.#options = options;
    this.#events = events;
    this.#gpuId = options.gpuId;
    this.#startedAtMs = options.clock.now();
    this.#backOff = new BackOff({ maxRetryTimeoutMs: options.maxRetryTimeoutMs });
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

  describe(): WorkerDescription {
    return {
      id: this.id,
      startedAtMs: this.#startedAtMs,
      state: this.#state,
      gpuId: this.#gpuId,
      executionProvider: this.#executionProvider,
      failure: this.#failure,
    };
  }

  async start(): Promise<void> {
    const { clock, gpuId, load, webGpuLease, startupTimeoutMs, requiresGpu } = this.#options;
    this.#state = "starting";
    this.#startedAtMs = clock.now();
    const mayUseWebGpu = gpuId !== null && await webGpuLease.acquire(this.id);
    if (this.#state !== "starting") return webGpuLease.release(this.id);
    this.#cancelTimer = clock.schedule(startupTimeoutMs, () => {
      this.#fail({ message: `The model was not loaded within ${startupTimeoutMs} ms` });
    });
    const carrier = this.#options.startCarrier(
      { name: `W-${this.id}-${load.modelName}_${load.modelVersion}`, modelDir: load.modelDir },
      {
        onMessage: (message) => {
          if (carrier === this.#carrier) this.#receive(message);
        },
        onFailure: (failure) => {
          if (carrier !== this.#carrier) return;
          this.#isDeaf = true;
          this.#fail(failure);
        },
      },
    );
    this.#carrier = carrier;
    this.#isDeaf = false;
    carrier.post({
      type: "load",
      ...load,
      device: { gpuId, mayFallBack: !requiresGpu, mayUseWebGpu },
    });
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
      this.#currentSinceMs = nowMs;
      this.#carrier?.post({ type: "predict", batches: wire.slice(0, 1) });
      if (wire.length > 1) {
        this.#carrier?.post({ type: "predict", batches: wire.slice(1) }, { keepsBytes: true });
      }
    } else {
      this.#carrier?.post({ type: "predict", batches: wire }, { keepsBytes: true });
    }
    if (this.#cancelWatchdog === undefined) this.#watch(this.#options.responseTimeoutMs);
  }

  /**
   * Finishes what it holds, gives the model's memory back and ends. Safe to call in any state, and again.
   *
   * @param releaseTimeoutMs Time that giving the memory back may take.
   */
  async stop(releaseTimeoutMs = RELEASE_TIMEOUT_MS): Promise<void> {
    const previous = this.#state;
    if (previous === "stopping" || previous === "stopped") return await this.#ended;
    this.#state = "stopping";
    this.#cancelTimer?.();
    if (previous === "ready" && this.inFlight.size > 0) {
      await new Promise<void>((resolve) => (this.#onEmpty = resolve));
    }
    await this.#end(releaseTimeoutMs);
    this.#state = "stopped";
    this.#settleStart("stopped");
    this.#settleEnded();
  }

  /** Fails what it holds with `error` and ends without waiting for the batch that runs. */
  async abandon(error: ServeError): Promise<void> {
    this.inFlight.failAll(error);
    this.#onEmpty?.();
    await this.stop(FAILED_RELEASE_TIMEOUT_MS);
  }

  #receive(message: FromWorkerMessage): void {
    switch (message.type) {
      case "loaded":
        return this.#becomeReady(message);
      case "load_failed":
        return this.#failToLoad(message);
      case "result":
        return this.#settle(message);
      case "chunk":
        this.#currentSinceMs = this.#options.clock.now();
        return this.inFlight.sendChunk(message);
      case "log":
        return this.#events.onLog(this, message);
      case "died":
        return this.#fail(message.failure);
      case "released":
        return this.#onReleased?.();
    }
  }

  #becomeReady(message: LoadedMessage): void {
    if (this.#state !== "starting") return;
    this.#cancelTimer?.();
    this.#state = "ready";
    this.#executionProvider = message.executionProvider;
    this.#gpuId = message.gpuId;
    if (message.executionProvider === "webgpu") this.#options.webGpuLease.confirm(this.id);
    else this.#options.webGpuLease.release(this.id);
    this.#hasLoadedSinceFailure = true;
    this.#backOff.reset();
    this.#settleStart("ready");
    this.#events.onReady(this, message);
  }

  #failToLoad(message: LoadFailedMessage): void {
    this.#settleStart(message.isOutOfMemory ? "out_of_memory" : "failed");
    this.#fail(message.failure);
  }

  #settle(message: ResultMessage): void {
    const batch = this.inFlight.settle(message);
    this.#currentSinceMs = this.#options.clock.now();
    if (this.inFlight.size === 0) this.#onEmpty?.();
    if (batch !== undefined) this.#events.onResult(this, message, batch);
  }

  /** Every failure of every kind comes through here. */
  #fail(failure: WireFailure): void {
    if (this.#state !== "starting" && this.#state !== "ready" && this.#state !== "stopping") return;
    this.#cancelTimer?.();
    this.#settleStart("failed");
    const { message, file, line } = failure;
    if (this.#failure === undefined || this.#hasLoadedSinceFailure) {
      this.#failure = { message, file, line };
      this.#hasLoadedSinceFailure = false;
    }
    const returned = this.inFlight.abandon("worker_died", "Worker died.");
    if (this.#state === "stopping") {
      this.#events.onFailure(this, failure, returned);
      return this.#onEmpty?.();
    }
    this.#state = "waiting";
    const ended = this.#end(FAILED_RELEASE_TIMEOUT_MS);
    const delayMs = this.#backOff.nextDelayMs(this.#options.clock.now());
    if (delayMs === undefined) {
      this.#state = "failed";
    } else {
      this.#cancelTimer = this.#options.clock.schedule(delayMs, async () => {
        await ended;
        if (this.#state === "waiting") await this.start();
      });
    }
    this.#events.onFailure(this, failure, returned);
  }

  /** Asks for the session back, waits for it a while, and ends the thread. */
  #end(timeoutMs: number): Promise<void> {
    this.#cancelWatchdog?.();
    this.#cancelWatchdog = undefined;
    return this.#ending ??= this.#release(timeoutMs).finally(() => {
      this.#ending = undefined;
      this.#options.webGpuLease.release(this.id);
    });
  }

  async #release(timeoutMs: number): Promise<void> {
    const carrier = this.#carrier;
    if (carrier === undefined) return;
    if (!this.#isDeaf) {
      await new Promise<void>((resolve) => {
        const cancel = this.#options.clock.schedule(timeoutMs, resolve);
        this.#onReleased = () => {
          cancel();
          resolve();
        };
        carrier.post({ type: "release" });
      });
    }
    carrier.terminate();
    this.#carrier = undefined;
  }

  /** One timer a worker, not one a batch: it looks again when the batch of that moment would be due. */
  #watch(delayMs: number): void {
    const { clock, responseTimeoutMs } = this.#options;
    this.#cancelWatchdog = clock.schedule(delayMs, () => {
      this.#cancelWatchdog = undefined;
      if (this.inFlight.size === 0) return;
      const remainingMs = this.#currentSinceMs + responseTimeoutMs - clock.now();
      if (remainingMs > 0) return this.#watch(remainingMs);
      this.#fail({ message: `No answer within ${responseTimeoutMs} ms` });
    });
  }
}
