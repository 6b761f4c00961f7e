/** How a model's requests are spread over its versions: `/models/{name}/traffic`. */
import { ServeError } from "../errors.ts";
import type { Traffic } from "../models/mod.ts";
import { parseJsonObject } from "./_json_parameters.ts";
import type { ModelService } from "./_model_service.ts";
import { readBody, type ReadBodyOptions, toRefusalResponse } from "./_request_body.ts";
import { toJsonResponse } from "./_responses.ts";

/** Versions that a split may name; a model has a handful. */
const MAX_WEIGHTS = 100;

export interface TrafficRouteOptions extends ReadBodyOptions {
  readonly models: ModelService;
}

/** `{"weights": {…}, "shadow": "3.0"}`; no weights: all goes to the default version. */
export function tellTraffic(models: ModelService, name: string): Response {
  const { weights = {}, shadow } = models.getTraffic(name) ?? {};
  return toJsonResponse({ weights, shadow });
}

/** Takes what {@linkcode tellTraffic} answers, whatever its content type, and answers what holds from now on. */
export async function setTraffic(
  options: TrafficRouteOptions,
  name: string,
  request: Request,
): Promise<Response> {
  const body = await readBody(request, options);
  if (typeof body === "string") return toRefusalResponse(body);
  await options.models.setTraffic(name, parseTraffic(body));
  return tellTraffic(options.models, name);
}

export async function resetTraffic(models: ModelService, name: string): Promise<Response> {
  await models.setTraffic(name, undefined);
  return tellTraffic(models, name);
}

/** `undefined` for a split that says nothing, which is what a model without one answers. */
function parseTraffic(bytes: Uint8Array<ArrayBuffer>): Traffic | undefined {
  const { weights = {}, shadow, ...others } = parseJsonObject(bytes);
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) {
    throw refuse(`expected "weights" and "shadow", received ${JSON.stringify(unknown)}`);
  }
  if (typeof weights !== "object" || weights === null || Array.isArray(weights)) {
    throw refuse('"weights" must be an object of whole numbers by version');
  }
  const entries = Object.entries(weights as Record<string, unknown>);
  if (entries.length > MAX_WEIGHTS) {
    throw refuse(`"weights" must name at most ${MAX_WEIGHTS} versions, received ${entries.length}`);
  }
  for (const [version, weight] of entries) {
    if (typeof weight === "number") continue;
    const found = JSON.stringify(weight);
    throw refuse(`the weight of ${JSON.stringify(version)} must be a number, received ${found}`);
  }
  if (shadow !== undefined && shadow !== null && typeof shadow !== "string") {
    throw refuse(`"shadow" must be a version's name, received ${JSON.stringify(shadow)}`);
  }
  if (entries.length === 0 && typeof shadow !== "string") return undefined;
  return { weights: weights as Traffic["weights"], ...shadow ? { shadow } : {} };
}

function refuse(text: string): ServeError {
  return new ServeError("invalid_argument", `Cannot set the traffic of a model: ${text}`);
}
