/** The management port's routes that change nothing: lists, descriptions, readiness. */
import type { ModelService } from "./_model_service.ts";
import { type Parameters, toBoolean, toInteger } from "./_query.ts";
import { toJsonResponse } from "./_responses.ts";
import { toWireDescription } from "./_wire_description.ts";

const MAX_PAGE_SIZE = 100;

/** A page of the default versions. */
export function listModels(models: ModelService, parameters: Parameters): Response {
  const items = models.list().map(({ modelName, modelUrl }) => ({ modelName, modelUrl }));
  return listPage("models", items, parameters);
}

/**
 * The part of a list that `limit` and `next_page_token` ask for; the token is there when the list ends
 * exactly at the page's end, too.
 */
export function listPage(
  name: string,
  items: readonly unknown[],
  parameters: Parameters,
): Response {
  const askedLimit = toInteger(parameters, "limit") ?? MAX_PAGE_SIZE;
  const limit = askedLimit < 0 || askedLimit > MAX_PAGE_SIZE ? MAX_PAGE_SIZE : askedLimit;
  const offset = Math.max(0, toInteger(parameters, "next_page_token") ?? 0);
  const end = offset + limit;
  const nextPageToken = end <= items.length ? String(end) : undefined;
  return toJsonResponse({ nextPageToken, [name]: items.slice(offset, end) });
}

/**
 * One version or all of them; with `customized=true` and one version, also what its handler says of itself.
 *
 * @param version The default one when absent.
 */
export async function describeModels(
  models: ModelService,
  name: string,
  version: string | undefined,
  parameters: Parameters,
): Promise<Response> {
  const descriptions = models.describe(name, version);
  if (version === "all" || !toBoolean(parameters, "customized", false)) {
    return toJsonResponse(descriptions.map((one) => toWireDescription(one)));
  }
  const metadata = await models.describeCustomized(name, version);
  return toJsonResponse(descriptions.map((one) => toWireDescription(one, metadata)));
}

/** KServe's form; `ready` once a worker can answer, where upstream says it of one that still loads, too. */
export function tellReadiness(models: ModelService, name: string): Response {
  return toJsonResponse({ name, ready: models.isReady(name) });
}
