/** What the management port tells of a model version. */
import { BOOLEAN, INTEGER, listOf, objectOf, TEXT, toExample } from "./_builders.ts";
import type { ValueSchema } from "./document.ts";

const COUNT: ValueSchema = { type: "integer", minimum: 0 };
const SECONDS: ValueSchema = { type: "number", minimum: 0, description: "Seconds." };
const MILLISECONDS: ValueSchema = { type: "number", minimum: 0, description: "Milliseconds." };
/** Fields of TorchServe's that this server has no use for. */
const UNUSED_COUNT: ValueSchema = { ...COUNT, description: "Always 0.", example: 0 };
const UNUSED_SWITCH: ValueSchema = { ...BOOLEAN, description: "Always false.", example: false };

const FAILURE: ValueSchema = objectOf({
  message: TEXT,
  file: { ...TEXT, description: "Relative to the model's folder." },
  line: { ...COUNT, description: "From 1." },
}, { optional: ["file", "line"], description: "What went wrong first." });

const WORKER: ValueSchema = objectOf({
  id: { ...TEXT, example: "9000" },
  startTime: { type: "string", format: "date-time", example: "2026-01-01T12:00:00.000Z" },
  status: {
    ...TEXT,
    enum: ["READY", "UNLOADING"],
    description: "TorchServe's two states.",
    example: "READY",
  },
  memoryUsage: {
    ...COUNT,
    description: "Bytes of a worker's own process; 0 for a thread.",
    example: 0,
  },
  pid: { ...COUNT, description: "Of its own process; the server's for a thread.", example: 4711 },
  gpu: { ...BOOLEAN, example: false },
  gpuUsage: { ...TEXT, example: "N/A" },
  state: {
    ...TEXT,
    enum: ["starting", "ready", "stopping", "stopped", "waiting", "failed"],
    example: "ready",
  },
  executionProvider: {
    ...TEXT,
    description: "What ONNX Runtime runs the model on.",
    example: "cpu",
  },
  failure: FAILURE,
}, { optional: ["executionProvider", "failure"] });

const SHADOW: ValueSchema = objectOf(
  { sent: COUNT, dropped: COUNT, failed: COUNT },
  { description: "Copies of requests, while this is its model's shadow version." },
);

export const MODEL_SCHEMA: ValueSchema = objectOf({
  modelName: { ...TEXT, example: "mnist" },
  modelVersion: { ...TEXT, example: "1.0" },
  modelUrl: { ...TEXT, description: "As it was registered.", example: "mnist.mar" },
  runtime: { ...TEXT, example: "deno" },
  minWorkers: { ...COUNT, example: 1 },
  maxWorkers: { ...COUNT, example: 1 },
  batchSize: { ...COUNT, description: "The largest batch.", example: 8 },
  maxBatchDelay: { ...MILLISECONDS, example: 50 },
  responseTimeout: { ...SECONDS, example: 120 },
  startupTimeout: { ...SECONDS, example: 120 },
  maxRetryTimeoutInSec: { ...SECONDS, example: 300 },
  clientTimeoutInMills: { ...MILLISECONDS, description: "Milliseconds; 0: for ever.", example: 0 },
  parallelType: { ...TEXT, description: "Always empty.", example: "" },
  parallelLevel: UNUSED_COUNT,
  deviceType: { ...TEXT, enum: ["cpu", "gpu"] },
  deviceIds: listOf(INTEGER),
  continuousBatching: UNUSED_SWITCH,
  useJobTicket: { ...BOOLEAN, example: false },
  useVenv: UNUSED_SWITCH,
  stateful: UNUSED_SWITCH,
  sequenceMaxIdleMSec: UNUSED_COUNT,
  sequenceTimeoutMSec: UNUSED_COUNT,
  maxNumSequence: UNUSED_COUNT,
  maxSequenceJobQueueSize: UNUSED_COUNT,
  loadedAtStartup: { ...BOOLEAN, example: true },
  workers: listOf(WORKER),
  jobQueueStatus: objectOf({
    remainingCapacity: { ...COUNT, example: 100 },
    pendingRequests: { ...COUNT, example: 0 },
  }),
  customizedMetadata: {
    type: "object",
    additionalProperties: true,
    description: "What the handler says of itself, where `customized=true` asks for it.",
  },
  state: {
    ...TEXT,
    enum: ["idle", "starting", "ready", "degraded", "failed", "draining", "removed"],
    example: "ready",
  },
  defaultVersion: {
    ...BOOLEAN,
    description: "Whether it answers when no version is named.",
    example: true,
  },
  failure: FAILURE,
  shadow: SHADOW,
}, { optional: ["deviceType", "deviceIds", "customizedMetadata", "failure", "shadow"] });

export const MODEL_EXAMPLE = toExample(MODEL_SCHEMA);
