import { ServeError } from "../errors.ts";
import type { PredictCall } from "../models/mod.ts";
import type { ApiDescriptions } from "./api_descriptions.ts";
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

/** One HTTP request as the call that all protocols share. */
class HttpPredictCall implements PredictCall {
  readonly requestId = crypto.randomUUID();
  readonly parts: PredictCall["parts"];
  readonly headers: readonly string[];
  servedVersion: string | undefined = undefined;
  readonly #request: Request;

  constructor(
    readonly kind: PredictCall["kind"],
    readonly modelName: string,
    readonly modelVersion: string | undefined,
    readonly urlPath: string,
    request: Request,
    bytes: Uint8Array<ArrayBuffer>,
  ) {
    this.#request = request;
    const headers: string[] = [];
    let contentType = "";
    request.headers.forEach((value, name) => {
      headers.push(name, value);
      if (name === "content-type") contentType = value;
    });
    this.headers = headers;
    this.parts = [{ name: "body", contentType, bytes, isForm: isFormType(contentType) }];
  }

  /** Made when it is first asked for: a signal nobody watches is not paid for. */
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
export async function answerPrediction(
  request: Request,
  kind: PredictCall["kind"],
  segments: readonly string[],
  options: PredictRouteOptions,
): Promise<Response> {
  let call: HttpPredictCall | undefined;
  try {
    const modelName = segments[1];
    if (modelName === undefined) throw createResourceNotFound();
    const modelVersion = segments[2];
    if (modelVersion === "") throw createEmptyVersionError(options.models, modelName);
    if (request.method === "OPTIONS") {
      options.models.describe(modelName, modelVersion);
      const pathKind = kind === "predict" ? "predictions" : "explanations";
      return await options.descriptions.answerModel(pathKind, modelName, modelVersion);
    }
    assertBodyArrives(request);
    const urlPath = segments.length > 3 ? segments.slice(3).join("/") : "";
    const body = await readBody(request, options);
    if (typeof body === "string") return toRefusalResponse(body);
    call = new HttpPredictCall(kind, modelName, modelVersion, urlPath, request, body);
    return withVersion(toAnswerResponse(await options.models.predict(call), call.requestId), call);
  } catch (error) {
    return withVersion(toErrorResponse(error, options.reportFailure, call?.requestId), call);
  }
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
function createEmptyVersionError(models: ModelService, modelName: string): ServeError {
  models.describe(modelName);
  return new ServeError(
    "model_version_not_found",
    `Model version:  does not exist for model: ${modelName}`,
  );
}

function isFormType(contentType: string): boolean {
  if (contentType === "" || contentType === "application/json") return false;
  const semicolon = contentType.indexOf(";");
  const type = (semicolon === -1 ? contentType : contentType.slice(0, semicolon)).trim();
  const lowerType = type.toLowerCase();
  return lowerType === "multipart/form-data" || lowerType === "application/x-www-form-urlencoded";
}
