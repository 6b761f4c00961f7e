/** What the management port tells of a model version. */
import { BOOLEAN, INTEGER, listOf, objectOf, TEXT } from "./_builders.ts";
import type { Schema, ValueSchema } from "./document.ts";

const COUNT: ValueSchema = { type: "integer", minimum: 0 };
const SECONDS: ValueSchema = { type: "number", minimum: 0, description: "Seconds." };
const MILLISECONDS: ValueSchema = { type: "number", minimum: 0, description: "Milliseconds." };
/** Fields of TorchServe's that this server has no use for. */
const UNUSED_COUNT: ValueSchema = { ...COUNT, description: "Always 0." };
const UNUSED_SWITCH: ValueSchema = { ...BOOLEAN, description: "Always false." };

const FAILURE: ValueSchema = objectOf({
  message: TEXT,
  file: { ...TEXT, description: "Relative to the model's folder." },
  line: { ...COUNT, description: "From 1." },
}, { optional: ["file", "line"], description: "What went wrong first." });

const WORKER: ValueSchema = objectOf({
  id: TEXT,
  startTime: { type: "string", format: "date-time" },
  status: { ...TEXT, enum: ["READY", "UNLOADING"], description: "TorchServe's two states." },
  memoryUsage: UNUSED_COUNT,
  pid: { ...COUNT, description: "The server's own: workers are its threads." },
  gpu: BOOLEAN,
  gpuUsage: TEXT,
  state: { ...TEXT, enum: ["starting", "ready", "stopping", "stopped", "waiting", "failed"] },
  executionProvider: { ...TEXT, description: "What ONNX Runtime runs the model on." },
  failure: FAILURE,
}, { optional: ["executionProvider", "failure"] });

const SHADOW: ValueSchema = objectOf(
  { sent: COUNT, dropped: COUNT, failed: COUNT },
  { description: "Copies of requests, while this is its model's shadow version." },
);

export const MODEL_SCHEMA: Schema = objectOf({
  modelName: TEXT,
  modelVersion: TEXT,
  modelUrl: { ...TEXT, description: "As it was registered." },
  runtime: TEXT,
  minWorkers: COUNT,
  maxWorkers: COUNT,
  batchSize: { ...COUNT, description: "The largest batch." },
  maxBatchDelay: MILLISECONDS,
  responseTimeout: SECONDS,
  startupTimeout: SECONDS,
  maxRetryTimeoutInSec: SECONDS,
  clientTimeoutInMills: { ...MILLISECONDS, description: "Milliseconds; 0: for ever." },
  parallelType: { ...TEXT, description: "Always empty." },
  parallelLevel: UNUSED_COUNT,
  deviceType: { ...TEXT, enum: ["cpu", "gpu"] },
  deviceIds: listOf(INTEGER),
  continuousBatching: UNUSED_SWITCH,
  useJobTicket: BOOLEAN,
  useVenv: UNUSED_SWITCH,
  stateful: UNUSED_SWITCH,
  sequenceMaxIdleMSec: UNUSED_COUNT,
  sequenceTimeoutMSec: UNUSED_COUNT,
  maxNumSequence: UNUSED_COUNT,
  maxSequenceJobQueueSize: UNUSED_COUNT,
  loadedAtStartup: BOOLEAN,
  workers: listOf(WORKER),
  jobQueueStatus: objectOf({ remainingCapacity: COUNT, pendingRequests: COUNT }),
  customizedMetadata: {
    type: "object",
    additionalProperties: true,
    description: "What the handler says of itself, where `customized=true` asks for it.",
  },
  state: {
    ...TEXT,
    enum: ["idle", "starting", "ready", "degraded", "failed", "draining", "removed"],
  },
  defaultVersion: { ...BOOLEAN, description: "Whether it answers when no version is named." },
  failure: FAILURE,
  shadow: SHADOW,
}, { optional: ["deviceType", "deviceIds", "customizedMetadata", "failure", "shadow"] });

export const MODEL_EXAMPLE = {
  modelName: "mnist",
  modelVersion: "1.0",
  modelUrl: "mnist.mar",
  runtime: "deno",
  minWorkers: 1,
  maxWorkers: 1,
  batchSize: 8,
  maxBatchDelay: 50,
  responseTimeout: 120,
  startupTimeout: 120,
  maxRetryTimeoutInSec: 300,
  clientTimeoutInMills: 0,
  parallelType: "",
  parallelLevel: 0,
  continuousBatching: false,
  useJobTicket: false,
  useVenv: false,
  stateful: false,
  sequenceMaxIdleMSec: 0,
  sequenceTimeoutMSec: 0,
  maxNumSequence: 0,
  maxSequenceJobQueueSize: 0,
  loadedAtStartup: true,
  workers: [{
    id: "9000",
    startTime: "2026-01-01T12:00:00.000Z",
    status: "READY",
    memoryUsage: 0,
    pid: 4711,
    gpu: false,
    gpuUsage: "N/A",
    state: "ready",
    executionProvider: "cpu",
  }],
  jobQueueStatus: { remainingCapacity: 100, pendingRequests: 0 },
  state: "ready",
  defaultVersion: true,
} as const;
