import { ServeError } from "../errors.ts";
import type { Part, PredictCall } from "../models/mod.ts";
import type { ApiDescriptions } from "./api_descriptions.ts";
import { isFormType, readFormModelName } from "./_form_body.ts";
import { withErrorText } from "./_kserve_errors.ts";
import type { ModelService } from "./_model_service.ts";
import { readBody, type ReadBodyOptions, toRefusalResponse } from "./_request_body.ts";
import {
  createResourceNotFound,
  type ReportFailure,
  toAnswerResponse,
  toErrorResponse,
} from "./_responses.ts";

export interface PredictRouteOptions extends ReadBodyOptions {
  readonly models: ModelService;
  readonly reportFailure: ReportFailure;
  /** What `OPTIONS` answers. */
  readonly descriptions: ApiDescriptions;
}

/** What a request's path and query say of the prediction that is asked for. */
export interface AskedPrediction {
  readonly kind: PredictCall["kind"];
  /** Absent where only a form's field `model_name` is left to name it. */
  readonly modelName: string | undefined;
  /** Absent: the version that the traffic says. */
  readonly modelVersion?: string;
  readonly urlPath?: string;
  /** Inputs that the query gives; those of the body go before them. */
  readonly queryParts?: readonly Part[];
  /** Whether failures also say what they are where KServe's clients look for it. */
  readonly isKserve?: boolean;
}

/** Until 2.8 a signal that is made once the client has left is never aborted (seen with 2.6.10, not with 2.9.6). */
const MISSES_EARLIER_ABORTS = /^2\.[0-8]\./.test(Deno.version.deno);

/** One HTTP request as the call that all protocols share. */
class HttpPredictCall implements PredictCall {
  readonly requestId = crypto.randomUUID();
  readonly parts: PredictCall["parts"];
  readonly headers: readonly string[];
  servedVersion: string | undefined = undefined;
  readonly #request: Request;

  readonly kind: PredictCall["kind"];
  readonly modelVersion: string | undefined;
  readonly urlPath: string | undefined;

  constructor(
    readonly modelName: string,
    asked: AskedPrediction,
    request: Request,
    bytes: Uint8Array<ArrayBuffer>,
  ) {
    this.kind = asked.kind;
    this.modelVersion = asked.modelVersion;
    this.urlPath = asked.urlPath;
    this.#request = request;
    const headers: string[] = [];
    let contentType = "";
    request.headers.forEach((value, name) => {
      headers.push(name, value);
      if (name === "content-type") contentType = value;
    });
    this.headers = headers;
    const body = { name: "body", contentType, bytes, isForm: isFormType(contentType) };
    this.parts = asked.queryParts === undefined ? [body] : [...asked.queryParts, body];
    if (MISSES_EARLIER_ABORTS) void request.signal;
  }

  /** Made when it is first asked for, where that is soon enough: a signal nobody watches is not paid for. */
  get signal(): AbortSignal {
    return this.#request.signal;
  }
}

/**
 * Answers `/predictions/{model}[/{version}[/{extra…}]]` and `/explanations/…`, by any method; `OPTIONS`
 * describes the model instead.
 *
 * @param segments The path's, `predictions` or `explanations` first.
 */
export function answerPrediction(
  request: Request,
  kind: PredictCall["kind"],
  segments: readonly string[],
  options: PredictRouteOptions,
): Response | Promise<Response> {
  if (segments.length < 2) return toErrorResponse(createResourceNotFound(), options.reportFailure);
  const asked = {
    kind,
    modelName: segments[1],
    modelVersion: segments[2],
    urlPath: segments.length > 3 ? segments.slice(3).join("/") : "",
  };
  return answerAsked(request, asked, options);
}

/** Answers a prediction, whichever route it came by. */
export async function answerAsked(
  request: Request,
  asked: AskedPrediction,
  options: PredictRouteOptions,
): Promise<Response> {
  let call: HttpPredictCall | undefined;
  try {
    if (asked.modelVersion === "") throw createEmptyVersionError(options.models, asked.modelName);
    if (request.method === "OPTIONS") return await describeAsked(asked, options);
    assertBodyArrives(request);
    const body = await readBody(request, options);
    if (typeof body === "string") return toRefusalResponse(body);
    const modelName = asked.modelName ?? readFormModelName(request, body);
    if (modelName === undefined) throw createNoNameError();
    call = new HttpPredictCall(modelName, asked, request, body);
    return withVersion(toAnswerResponse(await options.models.predict(call), call.requestId), call);
  } catch (error) {
    const response = toErrorResponse(error, options.reportFailure, call?.requestId);
    return withVersion(asked.isKserve ? await withErrorText(response) : response, call);
  }
}

async function describeAsked(
  { kind, modelName, modelVersion }: AskedPrediction,
  { models, descriptions }: PredictRouteOptions,
): Promise<Response> {
  if (modelName === undefined) throw createNoNameError();
  models.describe(modelName, modelVersion);
  const pathKind = kind === "predict" ? "predictions" : "explanations";
  return await descriptions.answerModel(pathKind, modelName, modelVersion);
}

/** Upstream's text; its clients compare it. */
function createNoNameError(): ServeError {
  return new ServeError("invalid_argument", "Parameter model_name is required.");
}

/** Names the version that has answered, or failed: with weights it is not the client that knows it. */
function withVersion(response: Response, call: PredictCall | undefined): Response {
  if (call?.servedVersion !== undefined) {
    response.headers.append("x-model-version", call.servedVersion);
  }
  return response;
}

/**
 * The runtime gives no body of a GET or HEAD request, though upstream's clients may send one: a prediction
 * of nothing would look like an answer.
 */
function assertBodyArrives({ method, headers }: Request): void {
  if (method !== "GET" && method !== "HEAD") return;
  if (!headers.has("transfer-encoding") && (headers.get("content-length") ?? "0") === "0") return;
  throw new ServeError(
    "invalid_argument",
    `Cannot read the body of a ${method} request: send it with POST`,
  );
}

/** `/predictions/x//y` names the version `""`, which no model has: an unknown model comes first, though. */
function createEmptyVersionError(
  models: ModelService,
  modelName: string | undefined = "",
): ServeError {
  models.describe(modelName);
  return new ServeError(
    "model_version_not_found",
    `Model version:  does not exist for model: ${modelName}`,
  );
}
