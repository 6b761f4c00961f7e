/** `/models/{model_name}/traffic`. */
import { errors, INTEGER, jsonBody, jsonResponse, objectOf, schemaRef, TEXT } from "./_builders.ts";
import { MODEL_NAME } from "./_parameters.ts";
import { TAGS } from "./_tags.ts";
import type { Paths, Responses, Schema, ValueSchema } from "./document.ts";

const SPLIT = { weights: { "1.0": 90, "2.0": 10 }, shadow: "3.0" };

const SHADOW: ValueSchema = {
  ...TEXT,
  description: "A version that gets a copy of each request, and whose answers are dropped.",
};

const SPLIT_SCHEMA: ValueSchema = objectOf({
  weights: {
    type: "object",
    additionalProperties: { ...INTEGER, minimum: 0, maximum: 1_000_000 },
    maxProperties: 100,
    description: "Each version's share, by version; none: all goes to the default one.",
  },
  shadow: SHADOW,
}, { optional: ["weights", "shadow"] });

/** What is told, which later versions may tell more of; what is asked for has no other fields. */
export const TRAFFIC_SCHEMA: Schema = SPLIT_SCHEMA;
const ASKED_SCHEMA: Schema = {
  ...SPLIT_SCHEMA,
  properties: { ...SPLIT_SCHEMA.properties, shadow: { ...SHADOW, nullable: true } },
  additionalProperties: false,
};

function toResponses(description: string, example: unknown, ...failures: number[]): Responses {
  return { 200: jsonResponse(description, schemaRef("Traffic"), example), ...errors(...failures) };
}

const COMMON = { tags: [TAGS.traffic.name], parameters: [MODEL_NAME] } as const;

export const TRAFFIC_PATHS: Paths = {
  "/models/{model_name}/traffic": {
    get: {
      ...COMMON,
      operationId: "getTraffic",
      summary: "Tell how a model's requests are spread",
      responses: toResponses("What holds now.", SPLIT, 400, 403, 404),
    },
    post: {
      ...COMMON,
      operationId: "setTraffic",
      summary: "Spread a model's requests over its versions",
      description: "For requests that name no version. It outlives restarts.",
      requestBody: jsonBody(ASKED_SCHEMA, SPLIT, { required: true }),
      responses: toResponses("What holds from now on.", SPLIT, 400, 403, 404, 408, 413, 500),
    },
    delete: {
      ...COMMON,
      operationId: "resetTraffic",
      summary: "Send all requests to the default version again",
      responses: toResponses("What holds from now on.", { weights: {} }, 400, 403, 404, 500),
    },
  },
};
