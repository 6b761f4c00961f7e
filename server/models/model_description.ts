/** What the server tells of its models, in our names; protocols map them to their own. */

import type { RestoredModel } from "../config/mod.ts";
import type { WorkerDescription, WorkerFailure } from "../scheduling/mod.ts";
import type { ShadowCounts } from "./shadow_copier.ts";
import type { VersionState } from "./version_state.ts";

export type { WorkerDescription, WorkerFailure, WorkerState } from "../scheduling/mod.ts";

export interface ModelDescription {
  readonly modelName: string;
  readonly modelVersion: string;
  /** The URL or file name that it was registered under. */
  readonly modelUrl: string;
  readonly runtime: string;
  /** What it was registered with instead of the archive's own handler. */
  readonly handler?: string;
  readonly isDefault: boolean;
  readonly minWorkers: number;
  readonly maxWorkers: number;
  readonly batchSize: number;
  readonly maxBatchDelayMs: number;
  readonly responseTimeoutMs: number;
  readonly startupTimeoutMs: number;
  readonly maxRetryTimeoutMs: number;
  /** From a request's arrival to its answer; absent or 0: for ever. */
  readonly clientTimeoutMs?: number;
  /** True when requests are taken only while a worker is idle. */
  readonly usesJobTickets?: boolean;
  readonly deviceType?: "cpu" | "gpu";
  readonly deviceIds?: readonly number[];
  readonly loadedAtStartup: boolean;
  readonly workers: readonly WorkerDescription[];
  /** Requests that the queue still takes, and those that wait in it. */
  readonly remainingCapacity: number;
  readonly pendingRequests: number;
  readonly state: VersionState;
  /** True while the call that registers it waits for its workers: should they fail, it goes again. */
  readonly isTentative?: boolean;
  /** What its workers failed with first; absent while one is ready or may come to be. */
  readonly failure?: WorkerFailure;
  /** Set while it is its model's shadow. */
  readonly shadow?: ShadowCounts;
}

/** A model to take in; what is absent comes from the archive, then from the server's settings. */
export interface RegisterRequest {
  /** A file or folder name in the model store. */
  readonly url: string;
  readonly modelName?: string;
  readonly handler?: string;
  readonly runtime?: string;
  readonly batchSize?: number;
  readonly maxBatchDelayMs?: number;
  readonly initialWorkers?: number;
  readonly responseTimeoutMs?: number;
  readonly startupTimeoutMs?: number;
  /** Sign the download of `url` for S3 with the environment's keys. */
  readonly signsForS3?: boolean;
  /** What a snapshot says of this version: it goes before the archive's config. */
  readonly restored?: RestoredModel;
  /**
   * Take the place of a registered version of the same name, once this one is ready: of
   * `replacedVersion`, else of the one that was registered from the same `url`, else of the default one.
   * Workers, default flag and traffic go over; what the request leaves out is as it was registered.
   */
  readonly replaces?: boolean;
  readonly replacedVersion?: string;
  /** Wait until the workers are ready (and take the model out again when they fail) before answering. */
  readonly isSynchronous: boolean;
  /** True for the models that the command line or the config names. */
  readonly isAtStartup?: boolean;
}

export interface RegisterOutcome {
  readonly modelName: string;
  readonly modelVersion: string;
  /** Workers asked for. */
  readonly workers: number;
  /** The version that it took the place of. */
  readonly replacedVersion?: string;
  /** False when the workers are still being started. */
  readonly isComplete: boolean;
}

export interface ScaleRequest {
  readonly modelName: string;
  readonly modelVersion?: string;
  readonly minWorkers: number;
  readonly maxWorkers: number;
  readonly isSynchronous: boolean;
}

/** How requests without a version are spread over a model's versions. */
export interface Traffic {
  /** Share of each version, by version; a version that is not named gets nothing. Whole numbers from 0. */
  readonly weights: Readonly<Record<string, number>>;
  /** A version that gets a copy of each request; its answers are dropped. */
  readonly shadow?: string;
}

/** `accepted` while workers still change, `complete` when the number is reached, `partial` when a synchronous call ended below it. */
export type ScaleOutcome = "accepted" | "complete" | "partial";
