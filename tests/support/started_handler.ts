/** Runs a handler on a real model as a worker would, in process. */

import {
  Context,
  type HandlerData,
  type HandlerEntry,
  type ModelContext,
  type ModelSession,
  type RequestKind,
  resolveHandlerEntry,
} from "marina";
import { openOnnxSession } from "./onnx_session.ts";

export interface StartHandlerOptions {
  readonly batchSize?: number;
  readonly modelYamlConfig?: Record<string, unknown>;
  readonly limitMaxImagePixels?: boolean;
  /** Told of each run's rows: the first dimension of the first input. */
  readonly onRun?: (rows: number | undefined) => void;
}

/** What a batch was answered. */
export interface BatchAnswer {
  readonly answers: unknown[];
  readonly statuses: readonly number[];
  readonly context: Context;
}

/** A loaded handler; disposing of it releases the model. */
export interface StartedHandler extends AsyncDisposable {
  readonly entry: HandlerEntry;
  readonly model: ModelContext;
  predict(data: HandlerData[], kind?: RequestKind): Promise<BatchAnswer>;
  /** Predicts one raw body. */
  ask(body: unknown): Promise<unknown>;
}

/** Loads a handler class on a model file. */
export async function startHandler(
  handlerClass: new () => unknown,
  modelPath: string,
  options: StartHandlerOptions = {},
): Promise<StartedHandler> {
  const folder = modelPath.slice(0, modelPath.lastIndexOf("/"));
  const file = modelPath.slice(folder.length + 1);
  const model: ModelContext = {
    modelName: "test",
    modelVersion: "1.0",
    manifest: { model: { modelName: "test", serializedFile: file } },
    modelYamlConfig: options.modelYamlConfig ?? {},
    systemProperties: {
      modelDir: folder,
      gpuId: null,
      batchSize: options.batchSize ?? 8,
      serverName: "Marina",
      serverVersion: "0.1.0",
      limitMaxImagePixels: options.limitMaxImagePixels ?? true,
    },
    async openModel(name) {
      const session = await openOnnxSession(`${folder}/${name}`);
      return options.onRun === undefined ? session : watchRuns(session, options.onRun);
    },
  };
  const entry = resolveHandlerEntry({ handlerClass });
  await entry.initialize(new Context(model));
  const predict = async (data: HandlerData[], kind: RequestKind = "predict") => {
    const requests = data.map((_, i) => ({ requestId: `r${i}`, headers: [] }));
    const context = new Context(model, requests, kind);
    const answers = await entry.handle(data, context) as unknown[];
    const statuses = data.map((_, i) => context.getResponseStatus(i).code);
    return { answers, statuses, context };
  };
  return {
    entry,
    model,
    predict,
    ask: async (body) => (await predict([{ body }])).answers[0],
    [Symbol.asyncDispose]: async () => await entry.release?.(),
  };
}

function watchRuns(session: ModelSession, onRun: (rows: number | undefined) => void): ModelSession {
  const { inputs, outputs } = session;
  return {
    inputs,
    outputs,
    run(feeds) {
      onRun(feeds[inputs[0]!.name]?.shape[0]);
      return session.run(feeds);
    },
    release: () => session.release(),
  };
}

/** The absolute path of a file in `tests/testdata/`. */
export function testdata(path: string): string {
  return new URL(`../testdata/${path}`, import.meta.url).pathname;
}
