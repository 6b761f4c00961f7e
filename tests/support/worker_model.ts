/** A model as a worker's parts see it, without a thread. */
import { type HandlerEntry, type ModelContext, resolveHandlerEntry } from "../../handlers/mod.ts";

/** What handlers are told of their model; no session can be opened. */
export function createWorkerModel(modelDir: string): ModelContext {
  return {
    modelName: "test",
    modelVersion: "1.0",
    manifest: null,
    modelYamlConfig: {},
    systemProperties: {
      modelDir,
      gpuId: null,
      batchSize: 1,
      serverName: "Marina",
      serverVersion: "0.0.0",
      limitMaxImagePixels: true,
    },
    openModel: () => Promise.reject(new Error("This test opens no model")),
    sendIntermediate: () => {},
  };
}

/** A function handler as the entry that a worker calls. */
export function createEntry(
  // deno-lint-ignore no-explicit-any
  handle: (data: any, context: any) => unknown,
): HandlerEntry {
  return resolveHandlerEntry({ handle });
}
