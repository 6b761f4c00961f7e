import { ServeError } from "../errors.ts";
import type { Answer, Clock, PredictCall } from "../scheduling/mod.ts";

/** What a handler says of itself. */
export type CustomizedMetadata = Readonly<Record<string, unknown>>;

export interface AskForMetadataOptions {
  readonly modelName: string;
  readonly modelVersion: string;
  /** How long a worker may take to answer. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly predict: (call: PredictCall) => Promise<Answer>;
}

/**
 * Asks a model's handler to describe itself: one call of kind `describe`, alone in its batch, whose header
 * `describe` is `True`.
 *
 * @returns The handler's JSON object; `{}` if it answers anything else.
 * @throws {ServeError} `model_busy` when no worker can take the call, `description_failed` when it fails or
 * is not answered in time; the texts are upstream's.
 */
export async function askForMetadata(options: AskForMetadataOptions): Promise<CustomizedMetadata> {
  const { modelName, modelVersion, timeoutMs, clock, predict } = options;
  const given = new AbortController();
  const call: PredictCall = {
    modelName,
    modelVersion,
    kind: "describe",
    requestId: crypto.randomUUID(),
    parts: [],
    headers: ["describe", "True"],
    urlPath: "",
    signal: given.signal,
  };
  let cancel = (): void => {};
  const timeout = new Promise<never>((_resolve, reject) => {
    cancel = clock.schedule(timeoutMs, () => {
      given.abort();
      reject(new Error(`The handler did not describe itself within ${timeoutMs} ms`));
    });
  });
  try {
    return toMetadata(await Promise.race([predict(call).then(readBody), timeout]));
  } catch (cause) {
    if (cause instanceof ServeError) {
      if (cause.code === "server_stopping") throw cause;
      const { code } = cause;
      if (code === "model_busy" || code === "model_failed") throw createBusyError(modelName, cause);
    }
    throw new ServeError("description_failed", "Failed to get customized model matadata.", {
      cause,
    });
  } finally {
    cancel();
  }
}

async function readBody({ body }: Answer): Promise<string> {
  return await new Response(body).text();
}

function toMetadata(text: string): CustomizedMetadata {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? value as CustomizedMetadata : {};
  } catch {
    return {};
  }
}

function createBusyError(modelName: string, cause: ServeError): ServeError {
  return new ServeError(
    "model_busy",
    `Model "${modelName}" has no worker to serve describe request. Please use scale workers API to add workers.`,
    { cause },
  );
}
