/** What a worker tells of itself. */

import type { WorkerProcess } from "./carrier.ts";
import type { WorkerState } from "./worker_state.ts";

/** The first thing that went wrong in a worker, as its author needs it. */
export interface WorkerFailure {
  /** The error's own message. */
  readonly message: string;
  /** Relative to the model folder, absent when unknown. */
  readonly file?: string;
  /** From 1. */
  readonly line?: number;
}

export interface WorkerDescription {
  /** Counted from 9000 as upstream's ports were; never used again. */
  readonly id: string;
  readonly startedAtMs: number;
  readonly state: WorkerState;
  /** The device's index, `null` on the CPU. */
  readonly gpuId: number | null;
  /** Absent until the worker has loaded its model. */
  readonly executionProvider?: string;
  /** Its own process; absent where it is a thread of the server, and while it does not run. */
  readonly process?: WorkerProcess;
  /** What stopped it first since it last loaded; absent while nothing has. */
  readonly failure?: WorkerFailure;
}
