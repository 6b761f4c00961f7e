import { type Context, Hono } from "hono";
import { ServeError } from "../errors.ts";
import type { HttpApp } from "./http_app.ts";
import type { ModelService } from "./_model_service.ts";
import { toRouterPath } from "./_path.ts";
import { type Parameters, parseQuery, toInteger } from "./_query.ts";
import { readBody, type ReadBodyOptions, toRefusalResponse } from "./_request_body.ts";
import {
  createMethodNotAllowed,
  createResourceNotFound,
  type ReportFailure,
  toErrorResponse,
  toJsonResponse,
  toStatusResponse,
} from "./_responses.ts";
import { toRegisterRequest, toScaleParameters, toWireDescription } from "./_wire_names.ts";

export interface ManagementAppOptions extends ReadBodyOptions {
  readonly models: ModelService;
  /** Whether models may be registered and unregistered over HTTP; off, both answer 405. */
  readonly isModelApiEnabled: boolean;
  readonly reportFailure: ReportFailure;
}

const MAX_PAGE_SIZE = 100;
const STARTED_MESSAGE = "Processing worker updates...";

/** The management port: lists, describes, registers, scales and unregisters models. */
export function createManagementApp(options: ManagementAppOptions): HttpApp {
  const { models, reportFailure } = options;
  const router = new Hono({ getPath: (request) => toRouterPath(request.url) });

  // The router takes HEAD for GET, upstream does not.
  router.use("*", async (context, next) => {
    if (context.req.raw.method === "HEAD") throw createMethodNotAllowed();
    await next();
  });
  router.get("/models", (context) => listModels(models, parseQuery(context.req.url)));
  router.post("/models", (context) => registerModel(options, context.req.raw));
  router.get("/models/:name", (context) => describeModels(models, context));
  router.get("/models/:name/:version", (context) => describeModels(models, context));
  router.put("/models/:name", (context) => scaleModel(models, context));
  router.put("/models/:name/:version", (context) => scaleModel(models, context));
  router.put("/models/:name/:version/set-default", (context) => setDefault(models, context));
  router.delete("/models/:name", (context) => unregisterModel(options, context));
  router.delete("/models/:name/:version", (context) => unregisterModel(options, context));
  for (const path of ["/models", "/models/:name", "/models/:name/:version"]) {
    router.all(path, refuseMethod);
  }
  router.all("/models/:name/:version/set-default", refuseMethod);
  router.notFound(() => toErrorResponse(createResourceNotFound(), reportFailure));
  router.onError((error) => toErrorResponse(error, reportFailure));
  return (request) => router.fetch(request);
}

function refuseMethod(): never {
  throw createMethodNotAllowed();
}

/** A page of the default versions; the token is there when the list ends exactly at the page's end, too. */
function listModels(models: ModelService, parameters: Parameters): Response {
  const askedLimit = toInteger(parameters, "limit") ?? MAX_PAGE_SIZE;
  const limit = askedLimit < 0 || askedLimit > MAX_PAGE_SIZE ? MAX_PAGE_SIZE : askedLimit;
  const offset = Math.max(0, toInteger(parameters, "next_page_token") ?? 0);
  const all = models.list();
  const end = offset + limit;
  return toJsonResponse({
    nextPageToken: end <= all.length ? String(end) : undefined,
    models: all.slice(offset, end).map(({ modelName, modelUrl }) => ({ modelName, modelUrl })),
  });
}

function describeModels(models: ModelService, context: Context): Response {
  const { name, version } = context.req.param() as Record<string, string | undefined>;
  return toJsonResponse(models.describe(name!, version).map(toWireDescription));
}

async function registerModel(options: ManagementAppOptions, request: Request): Promise<Response> {
  if (!options.isModelApiEnabled) throw createMethodNotAllowed();
  const body = await readBody(request, options);
  if (typeof body === "string") return toRefusalResponse(body);
  const contentType = request.headers.get("content-type") ?? "";
  const isJson = contentType.split(";", 1)[0]!.trim().toLowerCase() === "application/json";
  const register = toRegisterRequest(isJson ? parseJsonBody(body) : parseQuery(request.url));
  const { modelName, modelVersion, workers, isComplete } = await options.models.register(register);
  if (!isComplete) return toStatusResponse(STARTED_MESSAGE, 202);
  const hint = workers === 0 ? ". Use scale workers API to add workers for the model." : "";
  return toStatusResponse(
    `Model "${modelName}" Version: ${modelVersion} registered with ${workers} initial workers${hint}`,
  );
}

async function scaleModel(models: ModelService, context: Context): Promise<Response> {
  const { name, version } = context.req.param() as Record<string, string | undefined>;
  const parameters = toScaleParameters(parseQuery(context.req.url));
  const modelVersion = version ?? parameters.modelVersion;
  const outcome = await models.scale({ ...parameters, modelName: name!, modelVersion });
  if (!parameters.isSynchronous) return toStatusResponse(STARTED_MESSAGE, 202);
  if (outcome !== "complete") return toStatusResponse("Workers scaling in progress...", 206);
  const suffix = modelVersion === undefined ? "" : `, version: ${modelVersion}`;
  return toStatusResponse(
    `Workers scaled to ${parameters.minWorkers} for model: ${name}${suffix}`,
  );
}

async function setDefault(models: ModelService, context: Context): Promise<Response> {
  const { name, version } = context.req.param() as Record<string, string>;
  await models.setDefault(name!, version!);
  return toStatusResponse(
    `Default version successfully updated for model "${name}" to "${version}"`,
  );
}

async function unregisterModel(
  options: ManagementAppOptions,
  context: Context,
): Promise<Response> {
  if (!options.isModelApiEnabled) throw createMethodNotAllowed();
  const { name, version } = context.req.param() as Record<string, string | undefined>;
  await options.models.unregister(name!, version);
  return toStatusResponse(`Model "${name}" unregistered`);
}

/** A flat JSON object as parameters: numbers and booleans count as their texts, as upstream takes either. */
function parseJsonBody(bytes: Uint8Array<ArrayBuffer>): Parameters {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw createJsonError("it is not valid JSON", cause);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw createJsonError("it is not a JSON object");
  }
  const parameters = new Map<string, string>();
  for (const [name, field] of Object.entries(value)) {
    if (["string", "number", "boolean"].includes(typeof field)) parameters.set(name, String(field));
  }
  return parameters;
}

function createJsonError(found: string, cause?: unknown): ServeError {
  return new ServeError(
    "invalid_argument",
    `Cannot read the request's body: it must be a JSON object of parameters, and ${found}`,
    { cause },
  );
}
