import type { FromWorkerMessage, ToWorkerMessage, WireFailure } from "./protocol.ts";

/** What a worker runs in: a thread of the server, or a process of its own. */
export type Isolation = "thread" | "process";

/** A worker's own process, as the system counts it. */
export interface WorkerProcess {
  readonly pid: number;
  /** What it had in memory when that was last looked at; 0 before. */
  readonly memoryBytes: number;
  /** When that was, by the server's clock; absent before. */
  readonly memorySeenAtMs?: number;
}

/** How messages reach one worker and come back: by a thread's inbox, or by a process's socket. */
export interface WorkerCarrier {
  /** Absent for a thread. */
  readonly process?: WorkerProcess;
  /**
   * Hands a message over.
   *
   * @param keepsBytes True when the sender goes on using the message's bytes: they are copied, not moved.
   */
  post(message: ToWorkerMessage, options?: { readonly keepsBytes?: boolean }): void;
  /**
   * Ends the worker at once, whatever it does; nothing comes from it afterwards.
   *
   * @param state `isReleased` is true when it has given its model back, or has ended by itself.
   */
  terminate(state: { readonly isReleased: boolean }): void;
}

/** What a carrier tells its owner. */
export interface CarrierEvents {
  onMessage(message: FromWorkerMessage): void;
  /** The worker is gone without a word of its own. */
  onFailure(failure: WireFailure): void;
}

/** When a worker is replaced by a fresh one; whichever comes first. */
export interface RecycleRules {
  /** Batches that one may answer, 1 or more. */
  readonly afterBatches?: number;
  /** Bytes by which its process may grow since it has loaded its model. */
  readonly growthBytes?: number;
}

export interface CarrierOptions {
  /** Named in the runtime's own messages. */
  readonly name: string;
  /** The one folder that the worker may read. */
  readonly modelDir: string;
  /** `"thread"` unless given. */
  readonly isolation?: Isolation;
  /** What a worker's process may have in memory; a thread has no limit of its own. */
  readonly memoryLimitBytes?: number;
  readonly recycle?: RecycleRules;
  /** How long a process that is to take another's place has to load, no limit unless given. */
  readonly startupTimeoutMs?: number;
}

export type StartCarrier = (options: CarrierOptions, events: CarrierEvents) => WorkerCarrier;
