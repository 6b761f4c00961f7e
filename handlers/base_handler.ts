import type { Context, HandlerData, HandlerManifest } from "./context.ts";
import { type LabelMapping, readLabelMapping } from "./label_mapping.ts";
import { PredictionException } from "./prediction_exception.ts";
import {
  describeModel,
  hasRows,
  type ModelSpec,
  parseRequestInput,
  proveRows,
  type RequestInput,
  type RequestOutput,
  runRequests,
  toNestedOutput,
} from "./rows/mod.ts";
import type { ModelSession, Tensor } from "./tensor.ts";

/**
 * What `preprocess` hands to `inference`: the whole batch as one tensor (its first axis counts requests), or
 * one for each input by name; or an element for each request, `null` where a request was refused.
 */
export type ModelInput =
  | Tensor
  | Readonly<Record<string, Tensor>>
  | readonly (RequestInput | null)[];

/** What `inference` hands to `postprocess`, in the form its input had; one output alone comes without its name. */
export type ModelOutput =
  | Tensor
  | Readonly<Record<string, Tensor>>
  | readonly (RequestOutput | null)[];

/**
 * Serves an ONNX model as it is, and is the base of handlers that put something before or after it.
 *
 * Requests are the model's own inputs: a nested array for a model with one input, else an object of them by
 * name; an array of the input's rank is several rows and answered by as many elements, of one rank less it is
 * one row and answered by that row's output. Several outputs are answered as an object by name, each with one
 * element a row; an output without an axis of rows is given whole. A raw body is the little-endian tensor
 * of a single input, the bytes of exactly one row being one row.
 *
 * | dtype | in JSON | out |
 * | --- | --- | --- |
 * | floats | finite numbers in the type's range | numbers, widened to double |
 * | `int8` … `uint32` | whole numbers in range | numbers |
 * | `int64`, `uint64` | whole numbers, or strings of digits (needed beyond 2^53) | integers, `bigint` beyond 2^53 |
 * | `bool` | true, false | true, false |
 * | `string` | strings | strings |
 *
 * A request that does not fit is answered 400 with the expected and the found type and shape; the others of its
 * batch are served. Rows of several requests share a run, of at most `batchSize` rows, where the model's
 * dimension names (or a trial, see `proveRows`) show that its first axis counts rows.
 *
 * A subclass overrides what differs; the stages agree on `Input` and `Output`, and the inherited ones take
 * {@linkcode ModelInput} and {@linkcode ModelOutput}. Every method may be asynchronous.
 */
export class BaseHandler<Input = ModelInput, Output = ModelOutput> {
  /** True once `initialize` has gone through. */
  initialized = false;
  /** Class names from `index_to_name.json`, `null` without one. */
  mapping: LabelMapping | null = null;
  manifest: HandlerManifest | null = null;
  modelYamlConfig: Readonly<Record<string, unknown>> = {};
  #model: ModelSession | null = null;
  #spec: ModelSpec | null = null;
  #canJoin = false;
  #isProfiled = false;

  /**
   * The model that `initialize` opened.
   *
   * @throws {TypeError} If it has not.
   */
  get model(): ModelSession {
    if (this.#model !== null) return this.#model;
    throw new TypeError(
      "Cannot use the handler's model: initialize() has not opened one, call super.initialize(context)",
    );
  }

  /** Opens the archive's model and reads its class names. Called once, before the first batch. */
  async initialize(context: Context): Promise<void> {
    this.manifest = context.manifest;
    this.modelYamlConfig = context.modelYamlConfig;
    const settings = context.modelYamlConfig.handler as { profile?: unknown } | null | undefined;
    this.#isProfiled = settings?.profile === true;
    this.mapping = await readLabelMapping(context.systemProperties.modelDir);
    const model = this.#model = await context.openModel();
    this.#spec = describeModel(model);
    this.#canJoin = context.systemProperties.batchSize > 1 && await proveRows(model, this.#spec);
    this.initialized = true;
  }

  /** Requests to the model's inputs. */
  preprocess(data: HandlerData[], context: Context): Input | Promise<Input> {
    const { inputs } = this.#requireSpec();
    const requests = new Array<RequestInput | null>(data.length).fill(null);
    for (let i = 0; i < data.length; i++) {
      try {
        assertJsonWasRead(data[i]!, i, context);
        requests[i] = parseRequestInput(data[i]!, inputs);
      } catch (error) {
        rejectOrThrow(error, i, context);
      }
    }
    return requests as Input;
  }

  /** The model's inputs to its outputs. */
  async inference(input: Input, context: Context): Promise<Output> {
    const given = input as ModelInput;
    if (isRequestList(given)) {
      const outputs = await runRequests(this.model, this.#requireSpec(), given, {
        maxRows: context.systemProperties.batchSize,
        canJoin: this.#canJoin,
        onFailure: (index, error) => rejectRun(index, error, context),
      });
      return outputs as Output;
    }
    const feeds = isTensor(given) ? { [this.model.inputs[0]!.name]: given } : given;
    const outputs = await this.model.run(feeds);
    const names = this.model.outputs;
    return (names.length === 1 ? outputs[names[0]!.name] : outputs) as Output;
  }

  /** Outputs to answers, one for each request. */
  postprocess(output: Output, _context: Context): unknown[] | Promise<unknown[]> {
    const given = output as ModelOutput;
    if (isRequestList(given)) return given.map((request) => request && this.#toAnswer(request));
    if (isTensor(given)) return toNestedOutput(given) as unknown[];
    const byName = Object.entries(given).map(([name, tensor]) =>
      [name, toNestedOutput(tensor) as unknown[]] as const
    );
    return byName[0]![1].map((_, i) =>
      Object.fromEntries(byName.map(([name, rows]) => [name, rows[i]]))
    );
  }

  /**
   * Answers a batch: what the worker calls.
   *
   * Its stages' times go to the context; their sum is the server's metric `HandlerTime`.
   */
  async handle(data: HandlerData[], context: Context): Promise<unknown[]> {
    if (context.requestKind === "describe") {
      const description = await this.describeHandle(context);
      return data.map(() => description);
    }
    const startedAtMs = performance.now();
    const input = await this.preprocess(data, context);
    const preprocessedAtMs = performance.now();
    let answers: unknown[];
    if (context.requestKind === "explain") {
      answers = await this.explainHandle(input, data, context);
      const explainedAtMs = performance.now();
      context.reportStages({
        preprocessMs: preprocessedAtMs - startedAtMs,
        inferenceMs: explainedAtMs - preprocessedAtMs,
        postprocessMs: 0,
      });
    } else {
      const output = await this.inference(input, context);
      const inferredAtMs = performance.now();
      answers = await this.postprocess(output, context);
      const preprocessMs = preprocessedAtMs - startedAtMs;
      const inferenceMs = inferredAtMs - preprocessedAtMs;
      const postprocessMs = performance.now() - inferredAtMs;
      context.reportStages({ preprocessMs, inferenceMs, postprocessMs });
      if (this.#isProfiled) {
        const { metrics } = context;
        metrics.addTime("ts_handler_preprocess", preprocessMs);
        metrics.addTime("ts_handler_inference", inferenceMs);
        metrics.addTime("ts_handler_postprocess", postprocessMs);
      }
    }
    if (context.rejections !== null && Array.isArray(answers)) {
      answers = [...answers];
      for (const [index, { body }] of context.rejections) answers[index] = body;
    }
    return answers;
  }

  /** What `GET /models/{name}?customized=true` shows of this model: its inputs and outputs. */
  describeHandle(_context: Context): unknown {
    const { inputs, outputs } = this.model;
    return { inputs, outputs };
  }

  /**
   * Explains predictions; the base knows no method that would suit every model.
   *
   * @throws {PredictionException} 501, unless a subclass overrides it.
   */
  explainHandle(
    _input: Input,
    _data: HandlerData[],
    context: Context,
  ): unknown[] | Promise<unknown[]> {
    throw new PredictionException(
      `Cannot explain predictions of "${context.modelName}": its handler has no explainHandle()`,
      501,
    );
  }

  /** Gives the model's memory back. Called once, after the last batch. */
  async release(): Promise<void> {
    this.initialized = false;
    const model = this.#model;
    this.#model = null;
    await model?.release();
  }

  /**
   * Converts each request by itself, for `preprocess`: one that throws a `PredictionException` is refused with
   * its status and text and gives `null`, the others go on. Conversions run at the same time.
   */
  async mapRequests<T>(
    data: HandlerData[],
    context: Context,
    convert: (row: HandlerData, index: number) => T | Promise<T>,
  ): Promise<(T | null)[]> {
    return await Promise.all(data.map(async (row, index) => {
      try {
        return await convert(row, index);
      } catch (error) {
        rejectOrThrow(error, index, context);
        return null;
      }
    }));
  }

  #requireSpec(): ModelSpec {
    return this.#spec ??= describeModel(this.model);
  }

  #toAnswer({ outputs, isSingleRow }: RequestOutput): unknown {
    const infos = this.#requireSpec().outputs;
    const toValue = (i: number) => {
      const info = infos[i]!;
      const tensor = outputs[info.name]!;
      const isRow = isSingleRow && hasRows(info) && tensor.shape[0] === 1;
      return toNestedOutput(tensor, isRow ? 1 : 0);
    };
    if (infos.length === 1) return toValue(0);
    return Object.fromEntries(infos.map(({ name }, i) => [name, toValue(i)]));
  }
}

function isRequestList<T>(value: T): value is Extract<T, readonly unknown[]> {
  return Array.isArray(value);
}

function isTensor(value: Tensor | Readonly<Record<string, Tensor>>): value is Tensor {
  return typeof value.dtype === "string";
}

/** A body that says it is JSON and is not arrives as bytes: they are no tensor, whatever their number. */
function assertJsonWasRead(row: HandlerData, index: number, context: Context): void {
  if (!(row.body instanceof Uint8Array) || context.requestCount <= index) return;
  const contentType = context.getRequestHeader(index, "content-type") ?? "";
  if (!/^application\/json\s*(;|$)/i.test(contentType)) return;
  throw new PredictionException("Cannot read the body: it is said to be JSON and is not", 400);
}

function rejectOrThrow(error: unknown, index: number, context: Context): void {
  if (!(error instanceof PredictionException)) throw error;
  context.rejectRequest(index, error);
}

/** The runtime's own texts may name files of this machine: the client gets upstream's fixed sentence. */
function rejectRun(index: number, error: unknown, context: Context): void {
  context.rejectRequest(
    index,
    error instanceof PredictionException
      ? error
      : new PredictionException("Prediction failed", 503, { cause: error }),
  );
}
