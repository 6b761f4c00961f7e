/** The routes by which a port describes itself. */
import type { Hono } from "hono";
import type { ApiDescriptions } from "./api_descriptions.ts";
import { createMethodNotAllowed } from "./_responses.ts";

/**
 * Adds `OPTIONS /`, `/api-description` by any method and `GET /openapi.json`; other methods of `/` are not
 * allowed, as in TorchServe.
 */
export function addDescriptionRoutes(router: Hono, descriptions: ApiDescriptions): void {
  router.options("/", () => descriptions.answerDocument());
  router.all("/api-description", () => descriptions.answerDocument());
  router.get("/openapi.json", () => descriptions.answerDocument());
  for (const path of ["/", "/openapi.json"]) router.all(path, refuseMethod);
}

/** Adds `GET /docs` and the page's files below it. */
export function addPageRoutes(router: Hono, descriptions: ApiDescriptions): void {
  router.get("/docs", (context) => descriptions.answerPage(context.req.url));
  router.get("/docs/:file", (context) => descriptions.answerPageFile(context.req.param("file")));
  router.all("/docs", refuseMethod);
}

function refuseMethod(): never {
  throw createMethodNotAllowed();
}
