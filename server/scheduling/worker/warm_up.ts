/** The requests of its author that a model answers before it counts as loaded. */

import type { HandlerEntry, ModelContext } from "../../../handlers/mod.ts";
import type { WarmupRequest, WireFailure } from "../protocol.ts";
import { describeError } from "./describe_error.ts";
import { type BatchRules, runBatch } from "./run_batch.ts";

/** What a handler sees in the headers of a warm-up's request. */
export const WARMUP_HEADER = ["x-marina-warmup", "true"] as const;

/** Bytes of a file that may be sent to the handler; more is a mistake. */
const MAX_WARMUP_FILE_BYTES = 64 * 1024 * 1024;

/** Bytes of an answer that are quoted in a reason. */
const MAX_QUOTED_BYTES = 200;

/** A warm-up that did not end well: the model is not loaded. */
export class WarmupError extends Error {
  override readonly name = "WarmupError";
  readonly failure: WireFailure;
  readonly isOutOfMemory: boolean;

  constructor(failure: WireFailure, isOutOfMemory = false) {
    super(failure.message);
    this.failure = failure;
    this.isOutOfMemory = isOutOfMemory;
  }
}

/**
 * Asks the handler each request as often as it says, one after the other, each alone in its batch. What
 * the handler measures meanwhile is dropped.
 *
 * @throws {WarmupError} If a request fails, is answered by a status of 400 or more, or cannot be read.
 */
export async function warmUp(
  requests: readonly WarmupRequest[],
  entry: HandlerEntry,
  model: ModelContext,
  rules: BatchRules,
  onWarning: (text: string) => void,
): Promise<void> {
  for (const [index, request] of requests.entries()) {
    const place = `Warm-up request ${index + 1}`;
    const bytes = await readBody(request, place, model.systemProperties.modelDir);
    for (let turn = 0; turn < request.repeat; turn++) {
      await askOnce(request, bytes.slice(), place, entry, model, rules, onWarning);
    }
  }
}

async function askOnce(
  { contentType }: WarmupRequest,
  bytes: Uint8Array<ArrayBuffer>,
  place: string,
  entry: HandlerEntry,
  model: ModelContext,
  rules: BatchRules,
  onWarning: (text: string) => void,
): Promise<void> {
  const headers = contentType === ""
    ? [...WARMUP_HEADER]
    : [...WARMUP_HEADER, "content-type", contentType];
  const item = {
    requestId: crypto.randomUUID(),
    parts: [{ name: "body", contentType, bytes, isForm: false }],
    headers,
    urlPath: "",
  };
  const batch = { id: 0, kind: "predict", items: [item] } as const;
  const { answers, error } = await runBatch(batch, entry, model, () => {}, onWarning, rules);
  if (error !== undefined) {
    const { message, file, line, stack } = error.failure ?? error as WireFailure;
    const failure = { message: `${place} failed: ${message}`, file, line, stack };
    throw new WarmupError(failure, error.code === "batch_out_of_memory");
  }
  const answer = answers![0]!;
  if (answer.error !== undefined) {
    throw new WarmupError({ message: `${place} failed: ${answer.error.message}` });
  }
  if (answer.status >= 400) {
    const text = new TextDecoder().decode(answer.body.subarray(0, MAX_QUOTED_BYTES));
    throw new WarmupError({
      message: `${place} failed: it was answered with ${answer.status}, ${text}`,
    });
  }
}

async function readBody(
  { body }: WarmupRequest,
  place: string,
  modelDir: string,
): Promise<Uint8Array<ArrayBuffer>> {
  if (body.kind === "text") return new TextEncoder().encode(body.text);
  try {
    const path = await Deno.realPath(`${modelDir}/${body.file}`);
    const dir = await Deno.realPath(modelDir);
    if (!path.startsWith(dir) || !/^[/\\]/.test(path.slice(dir.length))) {
      throw new RangeError(`Cannot read "${body.file}": it leads out of the archive`);
    }
    const { size } = await Deno.stat(path);
    if (size > MAX_WARMUP_FILE_BYTES) {
      throw new RangeError(
        `Cannot read "${body.file}": expected at most ${MAX_WARMUP_FILE_BYTES} bytes, found ${size}`,
      );
    }
    return await Deno.readFile(path);
  } catch (error) {
    const isMissing = error instanceof Deno.errors.NotFound;
    const reason = isMissing
      ? `the archive has no file "${body.file}"`
      : describeError(error, modelDir).message;
    throw new WarmupError({ message: `${place} failed: ${reason}` });
  }
}
