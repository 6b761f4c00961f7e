import { type Context, Hono } from "hono";
import { refuse } from "./_allowed_methods.ts";
import { addDescriptionRoutes, addPageRoutes } from "./_description_routes.ts";
import type { ApiDescriptions } from "./api_descriptions.ts";
import type { HttpApp } from "./http_app.ts";
import { describeModels, listModels, tellReadiness } from "./_model_routes.ts";
import { toRouterPath } from "./_path.ts";
import { type Parameters, parseQuery, toBoolean } from "./_query.ts";
import {
  registerModel,
  type RegisterRouteOptions,
  replaceModel,
  unregisterModel,
} from "./_register_routes.ts";
import {
  createMethodNotAllowed,
  createResourceNotFound,
  type ReportFailure,
  toErrorResponse,
} from "./_responses.ts";
import { scaleModel, setDefault } from "./_scale_routes.ts";
import { resetTraffic, setTraffic, tellTraffic } from "./_traffic_routes.ts";
import { addWorkflowRoutes } from "./_workflow_routes.ts";

export interface ManagementAppOptions extends RegisterRouteOptions {
  readonly reportFailure: ReportFailure;
  readonly descriptions: ApiDescriptions;
}

/** Where a route's answer comes from: the model and the version of the path, and the query. */
interface Asked {
  readonly name: string;
  /** Absent where the path has none. */
  readonly version: string | undefined;
  readonly parameters: Parameters;
}

/**
 * The management port: lists, describes, registers, replaces, scales and unregisters models, and spreads
 * their traffic.
 */
export function createManagementApp(options: ManagementAppOptions): HttpApp {
  const router = createManagementRouter(options);
  return (request) => router.fetch(request);
}

/** All of the port's routes, as a list that can be held against the port's document. */
export function createManagementRouter(options: ManagementAppOptions): Hono {
  const { models, reportFailure, descriptions, isModelApiEnabled } = options;
  const router = new Hono({ getPath: (request) => toRouterPath(request.url) });

  addDescriptionRoutes(router, descriptions);
  addPageRoutes(router, descriptions);
  // The router takes HEAD for GET, upstream does not.
  router.use("*", async (context, next) => {
    if (context.req.raw.method === "HEAD") throw createMethodNotAllowed();
    await next();
  });
  router.get("/models", (context) => listModels(models, parseQuery(context.req.url)));
  if (isModelApiEnabled) {
    router.post("/models", (context) => registerModel(options, context.req.raw));
  }

  router.get("/models/:name/traffic", (context) => tellTraffic(models, toAsked(context).name));
  router.post("/models/:name/traffic", (context) => {
    return setTraffic(options, toAsked(context).name, context.req.raw);
  });
  router.delete("/models/:name/traffic", (context) => resetTraffic(models, toAsked(context).name));
  router.all("/models/:name/traffic", refuseMethod);

  for (const path of ["/models/:name", "/models/:name/:version"]) {
    router.get(path, (context) => {
      const { name, version, parameters } = toAsked(context);
      return describeModels(models, name, version, parameters);
    });
    router.put(path, (context) => {
      const { name, version, parameters } = toAsked(context);
      return toBoolean(parameters, "replace", false)
        ? replaceModel(options, name, version, parameters)
        : scaleModel(models, name, version, parameters);
    });
    if (isModelApiEnabled) {
      router.delete(path, (context) => {
        const { name, version } = toAsked(context);
        return unregisterModel(models, name, version);
      });
    }
    router.options(path, (context) => {
      const { name, version } = toAsked(context);
      const described = version === "all" ? undefined : version;
      models.describe(name, described);
      return descriptions.answerModel("models", name, described);
    });
  }
  const defaultPath = "/models/:name/:version/set-default";
  router.put(defaultPath, (context) => {
    const { name, version } = toAsked(context);
    return setDefault(models, name, version!);
  });
  // Upstream's: the default version, whichever the path names.
  router.get(defaultPath, (context) => {
    const { name, parameters } = toAsked(context);
    return describeModels(models, name, undefined, parameters);
  });
  router.get("/v1/models/:name", (context) => tellReadiness(models, toAsked(context).name));

  for (const path of ["/models", "/models/:name", "/models/:name/:version", defaultPath]) {
    router.all(path, refuseMethod);
  }
  router.all("/v1/models/:name", refuseMethod);
  addWorkflowRoutes(router);
  router.notFound(() => toErrorResponse(createResourceNotFound(), reportFailure));
  router.onError((error, context) => refuse(error, router, context, reportFailure));
  return router;
}

function refuseMethod(): never {
  throw createMethodNotAllowed();
}

/** The routes that ask have a name. */
function toAsked(context: Context): Asked {
  const { name, version } = context.req.param() as Record<string, string | undefined>;
  return { name: name!, version, parameters: parseQuery(context.req.url) };
}
