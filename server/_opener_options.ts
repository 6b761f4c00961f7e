import denoConfig from "../deno.json" with { type: "json" };
import { createOwnCommand } from "./_own_command.ts";
import type { ServerConfig } from "./config/mod.ts";
import { GpuAssigner, type ModelOpenerOptions, type ModelStore } from "./models/mod.ts";
import {
  type Clock,
  createCarrierStarter,
  createProcessStarter,
  createThreadStarter,
  type GpuSetup,
  type MemoryGroups,
  WebGpuLease,
} from "./scheduling/mod.ts";

/** What opening archives needs beside the config. */
export interface OpenerParts
  extends Pick<ModelOpenerOptions, "createEvents" | "onWarning" | "provesHandlers"> {
  readonly clock: Clock;
  readonly store: ModelStore;
  readonly unpackRoot: string;
  /** Where the native files of packages lie, unless they lie in the packages. */
  readonly nativeDir: string | undefined;
  /** Absent where no worker is to use a GPU, and where none is started. */
  readonly gpu?: GpuSetup;
  /** Absent where no worker is started. */
  readonly memoryGroups?: MemoryGroups;
}

/** How this server's config turns archives into models; worker ids count on from the config's first. */
export function createOpenerOptions(config: ServerConfig, parts: OpenerParts): ModelOpenerOptions {
  let workerId = config.firstWorkerId;
  return {
    ...parts,
    defaults: {
      defaultWorkersPerModel: config.defaultWorkersPerModel,
      numberOfGpu: config.numberOfGpu,
      numberOfCores: navigator.hardwareConcurrency,
      queueCapacity: config.jobQueueSize,
      responseTimeoutMs: config.responseTimeoutMs,
      startupTimeoutMs: config.startupTimeoutMs,
      scaleUpQueueMs: config.scaleUpQueueMs,
      scaleDownIdleMs: config.scaleDownIdleMs,
      isolation: config.isolation,
    },
    modelOverrides: config.modelOverrides,
    defaultHandler: config.defaultHandler,
    decodesRequests: config.decodesRequests,
    serviceEnvelope: config.serviceEnvelope,
    maxResponseBytes: config.maxResponseBytes,
    maxQueueBytes: config.maxQueueBytes,
    serverVersion: denoConfig.version,
    gpus: new GpuAssigner(config.numberOfGpu),
    webGpuLease: new WebGpuLease(),
    startCarrier: createCarrierStarter({
      thread: createThreadStarter(parts.nativeDir),
      process: createProcessStarter({
        clock: parts.clock,
        createCommand: createOwnCommand,
        tempDir: parts.unpackRoot,
        nativeDir: parts.nativeDir,
        memoryGroups: parts.memoryGroups,
        channelKind: config.workerChannel,
      }),
    }),
    nextWorkerId: () => String(workerId++),
  };
}
