/**
 * Workflows, as TorchServe's last version has them: nothing can be registered, so there are none. Its
 * clients look for them and expect these answers.
 */
import type { Hono } from "hono";
import { ServeError } from "../errors.ts";
import { listPage } from "./_model_routes.ts";
import { parseQuery } from "./_query.ts";
import { createMethodNotAllowed } from "./_responses.ts";

/** Adds `/workflows` and `/workflows/{name}` to the management port. */
export function addWorkflowRoutes(router: Hono): void {
  router.get("/workflows", (context) => listPage("workflows", [], parseQuery(context.req.url)));
  router.post("/workflows", () => {
    throw new ServeError("invalid_argument", "Registering new workflows is disabled.");
  });
  router.on(["GET", "DELETE"], "/workflows/:name", (context) => {
    throw new ServeError("workflow_not_found", `Workflow not found: ${context.req.param("name")}`);
  });
  for (const path of ["/workflows", "/workflows/:name"]) {
    router.all(path, () => {
      throw createMethodNotAllowed();
    });
  }
}
