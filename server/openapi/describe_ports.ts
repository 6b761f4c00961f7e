import { BEARER, BOOLEAN, listOf, objectOf, schemaRef, TEXT } from "./_builders.ts";
import { BEARER_SCHEME, ERROR_RESPONSES, ERROR_SCHEMA, STATUS_SCHEMA } from "./_components.ts";
import { createDescriptionPaths } from "./_description_paths.ts";
import { createInferencePaths } from "./_inference_paths.ts";
import { createInvocationPaths } from "./_invocation_paths.ts";
import { createManagementPaths } from "./_management_paths.ts";
import { createMetricsPaths } from "./_metrics_paths.ts";
import { MODEL_SCHEMA } from "./_model_schema.ts";
import { TAGS } from "./_tags.ts";
import { createOpenInferencePaths } from "./_open_inference_paths.ts";
import { createTokenPaths } from "./_token_paths.ts";
import { TRAFFIC_SCHEMA } from "./_traffic_paths.ts";
import type {
  HttpMethod,
  OpenApiDocument,
  Operation,
  PathItem,
  Paths,
  Schema,
} from "./document.ts";

/** What one listener may answer for; with a shared address it is several of them. */
export type Port = "inference" | "management" | "metrics";

export interface DescribePortsOptions {
  /** The server's. */
  readonly version: string;
  /** At least one. */
  readonly ports: readonly Port[];
  /** Whether requests need a token, all but those for metrics and descriptions. */
  readonly requiresTokens: boolean;
  /** Whether the inference port has the Open Inference Protocol's health and metadata. */
  readonly hasOpenInference?: boolean;
}

const DESCRIPTION_BY_PORT: Readonly<Record<Port, string>> = {
  inference: "Predictions and health.",
  management: "Models, versions, workers and traffic.",
  metrics: "Metrics for Prometheus.",
};

const SCHEMAS: Readonly<Record<string, Schema>> = {
  Error: ERROR_SCHEMA,
  Status: STATUS_SCHEMA,
  Model: MODEL_SCHEMA,
  Models: listOf(schemaRef("Model")),
  ModelList: objectOf({
    nextPageToken: { ...TEXT, description: "Where the next page begins; absent on the last one." },
    models: listOf(objectOf({ modelName: TEXT, modelUrl: TEXT })),
  }, { optional: ["nextPageToken"] }),
  Readiness: objectOf({ name: TEXT, ready: BOOLEAN }),
  Traffic: TRAFFIC_SCHEMA,
};

/**
 * The OpenAPI document of what listens on one address, for `OPTIONS /`, `/openapi.json` and the API page.
 *
 * Paths and shapes are those of TorchServe's
 * [management](https://github.com/pytorch/serve/blob/master/docs/management_api.md) and
 * [inference](https://github.com/pytorch/serve/blob/master/docs/inference_api.md) APIs and what this server
 * adds; operation ids are TorchServe's where it has them, so that generated clients keep their methods.
 * Costs about a millisecond; nothing is kept.
 *
 * @example
 * ```ts
 * import { deepStrictEqual } from "node:assert";
 * import { describePorts } from "./describe_ports.ts";
 *
 * const { paths } = describePorts({ version: "1.0.0", ports: ["metrics"], requiresTokens: false });
 * deepStrictEqual(Object.keys(paths), ["/metrics", "/", "/api-description", "/openapi.json"]);
 * ```
 */
export function describePorts(options: DescribePortsOptions): OpenApiDocument {
  const { ports, requiresTokens } = options;
  const has = (port: Port): boolean => ports.includes(port);
  const paths: Paths = {
    ...has("inference") ? secure(createInferencePaths(), requiresTokens) : {},
    ...has("inference") ? secure(createInvocationPaths(), requiresTokens) : {},
    ...has("inference") && options.hasOpenInference === true
      ? secure(createOpenInferencePaths(), requiresTokens)
      : {},
    ...has("management") ? secure(createManagementPaths(), requiresTokens) : {},
    ...has("management") && requiresTokens ? secure(createTokenPaths(), true) : {},
    ...has("metrics") ? createMetricsPaths() : {},
    ...createDescriptionPaths(has("inference") || has("management")),
  };
  const description = ports.map((port) => DESCRIPTION_BY_PORT[port]).join(" ");
  return createDocument(paths, options, { title: "Marina", description });
}

/**
 * A document of these paths alone, with what they refer to.
 *
 * @param about What the document is of.
 */
export function createDocument(
  paths: Paths,
  { version, requiresTokens }: Omit<DescribePortsOptions, "ports">,
  about: { readonly title: string; readonly description: string },
): OpenApiDocument {
  const operations = Object.values(paths).flatMap((item) => Object.values(item) as Operation[]);
  const usedTags = new Set(operations.flatMap(({ tags }) => tags));
  const hasTokens = requiresTokens && operations.some(({ security }) => security !== undefined);
  return {
    openapi: "3.0.3",
    info: {
      ...about,
      version,
      license: { name: "Apache-2.0", url: "https://www.apache.org/licenses/LICENSE-2.0" },
    },
    tags: Object.values(TAGS).filter(({ name }) => usedTags.has(name)),
    paths,
    components: {
      schemas: SCHEMAS,
      responses: ERROR_RESPONSES,
      ...hasTokens ? { securitySchemes: { [BEARER]: BEARER_SCHEME } } : {},
    },
  };
}

/** The same paths, each asking for a token. */
function secure(paths: Paths, requiresTokens: boolean): Paths {
  if (!requiresTokens) return paths;
  return Object.fromEntries(
    Object.entries(paths).map(([path, item]) => [path, secureItem(item)]),
  );
}

function secureItem(item: PathItem): PathItem {
  const secured: { [Method in HttpMethod]?: Operation } = {};
  for (const [method, operation] of Object.entries(item) as [HttpMethod, Operation][]) {
    secured[method] = { ...operation, security: [{ [BEARER]: [] }] };
  }
  return secured;
}
