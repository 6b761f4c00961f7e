import { MetricRegistry, Metrics } from "./metrics.ts";
import { assertStatusCode, type PredictionException } from "./prediction_exception.ts";
import { RunWatch, type StageTimes } from "./stage_times.ts";
import type { ModelSession } from "./tensor.ts";

/** What the requests of a batch ask for; one batch never mixes them. */
export type RequestKind = "predict" | "explain" | "describe";

/** One request as handlers see it: `body`, or a form's fields, each parsed JSON, a string or bytes. */
export type HandlerData = Record<string, unknown>;

/** The archive's manifest, as far as handlers may rely on it. */
export interface HandlerManifest {
  readonly createdOn?: string;
  readonly runtime?: string;
  readonly archiverVersion?: string;
  readonly model: {
    readonly modelName?: string;
    readonly modelVersion?: string;
    readonly serializedFile?: string;
    readonly modelFile?: string;
    readonly handler?: string;
    readonly configFile?: string;
    readonly requirementsFile?: string;
  };
}

export interface SystemProperties {
  /** Absolute path of the unpacked archive. */
  readonly modelDir: string;
  /** The device's index, `null` on the CPU. */
  readonly gpuId: number | null;
  /** Rows that one run of the model may hold. */
  readonly batchSize: number;
  readonly serverName: string;
  readonly serverVersion: string;
  /** False lifts the cap on the pixels of an image. */
  readonly limitMaxImagePixels: boolean;
}

/** What is the same for every batch of a worker; the worker makes one and hands it to each `Context`. */
export interface ModelContext {
  readonly modelName: string;
  readonly modelVersion: string;
  /** `null` for an archive without one. */
  readonly manifest: HandlerManifest | null;
  /** `{}` for an archive without a config file. */
  readonly modelYamlConfig: Readonly<Record<string, unknown>>;
  readonly systemProperties: SystemProperties;
  /** Opens a model; `file` is relative to `modelDir`, with `/` between names, and does not leave it. */
  openModel(file: string): Promise<ModelSession>;
  /** Sends one chunk to each request of the batch in work; absent where answers are not streamed. */
  sendIntermediate?(results: readonly unknown[]): Promise<void> | void;
}

export interface RequestContext {
  readonly requestId: string;
  /** Header names and values in turn, names as the client sent them. */
  readonly headers: readonly string[];
}

export interface ResponseStatus {
  readonly code: number;
  /** `""` unless the handler gave one. */
  readonly phrase: string;
}

/** A request that the handler refused while it served the others of the batch. */
export interface Rejection {
  /** What the client is told; JSON under the rejection's status. */
  readonly body: { readonly code: number; readonly type: string; readonly message: string };
  readonly cause: PredictionException;
}

const OK: ResponseStatus = Object.freeze({ code: 200, phrase: "" });
const NO_HEADERS: ReadonlyMap<string, string> = new Map();
const HEADER_NAME_REGEXP = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const HEADER_VALUE_REGEXP = /^[\t\x20-\x7e\x80-\xff]*$/;

const MAX_PHRASE_LENGTH = 1_024;

const REGISTRY_BY_MODEL = new WeakMap<ModelContext, MetricRegistry>();
const RUN_WATCH_BY_MODEL = new WeakMap<ModelContext, RunWatch>();

/**
 * What a handler knows of its model and of the requests it is serving, and how it shapes their answers.
 *
 * Every batch has a `Context` of its own, so handlers may be asynchronous; what has to outlive a batch
 * (a session, a cache) belongs on the handler object. Requests are counted from 0 in the order of `data`.
 *
 * Members are those of TorchServe's `ts/context.py` in camelCase; header names are compared without regard
 * to case, which upstream does not do.
 */
export class Context {
  readonly requestKind: RequestKind;
  readonly #model: ModelContext;
  readonly #requests: readonly RequestContext[];
  #requestIds: readonly string[] | undefined;
  #metrics: Metrics | undefined;
  #statuses: (ResponseStatus | undefined)[] | undefined;
  #headers: (Map<string, string> | undefined)[] | undefined;
  #rejections: Map<number, Rejection> | undefined;
  #stages: StageTimes | undefined;

  /** Costs next to nothing: maps of headers and the like are made when they are first asked for. */
  constructor(
    model: ModelContext,
    requests: readonly RequestContext[] = [],
    requestKind: RequestKind = "predict",
  ) {
    this.#model = model;
    this.#requests = requests;
    this.requestKind = requestKind;
  }

  get modelName(): string {
    return this.#model.modelName;
  }

  get modelVersion(): string {
    return this.#model.modelVersion;
  }

  get manifest(): HandlerManifest | null {
    return this.#model.manifest;
  }

  get modelYamlConfig(): Readonly<Record<string, unknown>> {
    return this.#model.modelYamlConfig;
  }

  get systemProperties(): SystemProperties {
    return this.#model.systemProperties;
  }

  /** How many requests the batch holds; 0 while the handler is being loaded. */
  get requestCount(): number {
    return this.#requests.length;
  }

  get requestIds(): readonly string[] {
    return this.#requestIds ??= this.#requests.map((request) => request.requestId);
  }

  get metrics(): Metrics {
    if (this.#metrics !== undefined) return this.#metrics;
    let registry = REGISTRY_BY_MODEL.get(this.#model);
    if (registry === undefined) {
      registry = new MetricRegistry(this.modelName);
      REGISTRY_BY_MODEL.set(this.#model, registry);
    }
    return this.#metrics = new Metrics(registry, () => this.requestIds);
  }

  getRequestId(idx = 0): string {
    return this.#request(idx).requestId;
  }

  /** The header's value (repeated ones joined by `", "`), or `null`. */
  getRequestHeader(idx: number, key: string): string | null {
    const { headers } = this.#request(idx);
    const wanted = key.toLowerCase();
    let value: string | null = null;
    for (let i = 0; i + 1 < headers.length; i += 2) {
      const name = headers[i]!;
      if (name.length !== wanted.length || name.toLowerCase() !== wanted) continue;
      value = value === null ? headers[i + 1]! : `${value}, ${headers[i + 1]}`;
    }
    return value;
  }

  /** All headers of a request by their lower-case names. */
  getAllRequestHeader(idx: number): ReadonlyMap<string, string> {
    const { headers } = this.#request(idx);
    const all = new Map<string, string>();
    for (let i = 0; i + 1 < headers.length; i += 2) {
      const name = headers[i]!.toLowerCase();
      const before = all.get(name);
      all.set(name, before === undefined ? headers[i + 1]! : `${before}, ${headers[i + 1]}`);
    }
    return all;
  }

  /** The request's `ts_request_sequence_id`, or `null` when it belongs to no sequence. */
  getSequenceId(idx: number): string | null {
    return this.getRequestHeader(idx, "ts_request_sequence_id");
  }

  setResponseContentType(idx: number, value: string): void {
    this.setResponseHeader(idx, "content-type", value);
  }

  getResponseContentType(idx: number): string | null {
    return this.getResponseHeaders(idx).get("content-type") ?? null;
  }

  /**
   * Sets a header of one answer, in the place of an earlier value.
   *
   * @throws {TypeError} If the name is no header name, or the value holds a line break or another
   * character that headers cannot carry.
   */
  setResponseHeader(idx: number, key: string, value: string): void {
    this.#request(idx);
    if (!HEADER_NAME_REGEXP.test(key) || !HEADER_VALUE_REGEXP.test(value)) {
      throw new TypeError(
        `Cannot set response header ${JSON.stringify(key)}: expected a header name and a value ` +
          `without line breaks, found ${JSON.stringify(value)}`,
      );
    }
    this.#headers ??= new Array(this.#requests.length).fill(undefined);
    (this.#headers[idx] ??= new Map()).set(key.toLowerCase(), value);
  }

  /** The headers set so far, by their lower-case names. */
  getResponseHeaders(idx: number): ReadonlyMap<string, string> {
    return this.#headers?.[idx] ?? NO_HEADERS;
  }

  /**
   * Sets the status of one answer.
   *
   * @throws {RangeError} If `code` is no whole number from 200 to 599, or `phrase` is not one line of at
   * most 1,024 characters.
   */
  setResponseStatus(code = 200, phrase = "", idx = 0): void {
    this.#request(idx);
    assertStatusCode(code);
    const text = String(phrase);
    if (text.length > MAX_PHRASE_LENGTH || !HEADER_VALUE_REGEXP.test(text)) {
      throw new RangeError(
        `Cannot set the phrase of status ${code}: expected one line of at most ${MAX_PHRASE_LENGTH} characters, ` +
          `found ${JSON.stringify(text.slice(0, 80))}`,
      );
    }
    this.#statuses ??= new Array(this.#requests.length).fill(undefined);
    this.#statuses[idx] = { code, phrase: text };
  }

  setAllResponseStatus(code = 200, phrase = ""): void {
    for (let idx = 0; idx < this.#requests.length; idx++) this.setResponseStatus(code, phrase, idx);
  }

  getResponseStatus(idx: number): ResponseStatus {
    return this.#statuses?.[idx] ?? OK;
  }

  /**
   * Refuses one request and lets the others go on: sets its status, and the body that it is answered with,
   * whatever the handler returns in its place.
   */
  rejectRequest(idx: number, cause: PredictionException): void {
    const code = cause.errorCode;
    this.setResponseStatus(code, "", idx);
    this.#headers?.[idx]?.delete("content-type");
    const type = code === 400 ? "BadRequestException" : "InternalServerException";
    const body = { code, type, message: cause.message };
    (this.#rejections ??= new Map()).set(idx, { body, cause });
  }

  /** The requests refused so far, by their place in the batch; `null` when there are none. */
  get rejections(): ReadonlyMap<number, Rejection> | null {
    return this.#rejections ?? null;
  }

  /**
   * Tells where the time of this batch went, for the server's metrics; `BaseHandler.handle` calls it. A
   * handler that does not is measured by the runs of its models.
   */
  reportStages(stages: StageTimes): void {
    this.#stages = stages;
  }

  /** For the worker: what was told of this batch, or what its models ran since the last call. */
  takeStages(): StageTimes | undefined {
    const runMs = RUN_WATCH_BY_MODEL.get(this.#model)?.takeMs() ?? 0;
    return this.#stages ?? (runMs > 0 ? { inferenceMs: runMs } : undefined);
  }

  /**
   * Opens a model of the archive. Who opens it releases it.
   *
   * @param file Relative to the model folder; the manifest's `serializedFile` unless given.
   * @throws {TypeError} If there is no such file name, or it leaves the model folder.
   */
  async openModel(file: string | undefined = this.manifest?.model.serializedFile) {
    if (file === undefined || file === "") {
      throw new TypeError(
        `Cannot open the model of "${this.modelName}": its archive names no serialized file`,
      );
    }
    if (isOutside(file)) {
      throw new TypeError(
        `Cannot open model file ${JSON.stringify(file)}: expected a path inside the model folder`,
      );
    }
    let watch = RUN_WATCH_BY_MODEL.get(this.#model);
    if (watch === undefined) RUN_WATCH_BY_MODEL.set(this.#model, watch = new RunWatch());
    return watch.watch(await this.#model.openModel(file));
  }

  /**
   * Sends a part of each answer at once; what `handle` returns is the last part.
   *
   * @param results One element for each request of the batch.
   * @throws {TypeError} If the caller takes no partial answers.
   * @throws {RangeError} If there is not one element for each request.
   */
  async sendIntermediate(results: readonly unknown[]): Promise<void> {
    if (this.#model.sendIntermediate === undefined) {
      throw new TypeError(
        "Cannot send an intermediate answer: this call takes one whole answer",
      );
    }
    if (results.length !== this.#requests.length) {
      throw new RangeError(
        `Cannot send an intermediate answer: expected ${this.#requests.length} elements, ` +
          `found ${results.length}`,
      );
    }
    await this.#model.sendIntermediate(results);
  }

  #request(idx: number): RequestContext {
    const request = this.#requests[idx];
    if (request !== undefined) return request;
    throw new RangeError(
      `Cannot use request ${idx}: the batch holds ${this.#requests.length}, counted from 0`,
    );
  }
}

function isOutside(file: string): boolean {
  return /^([/\\]|[A-Za-z]:)/.test(file) || file.includes("\0") ||
    file.split(/[/\\]/).includes("..");
}
