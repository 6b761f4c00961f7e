/** How each port describes itself. */
import { errors, jsonResponse, TEXT } from "./_builders.ts";
import { TAGS } from "./_tags.ts";
import type { DescribedResponse, Operation, Paths, ValueSchema } from "./document.ts";

const TAG = [TAGS.descriptions.name];

const DOCUMENT_SCHEMA: ValueSchema = {
  type: "object",
  required: ["openapi", "info", "paths"],
  additionalProperties: true,
  description: "An OpenAPI 3.0 document.",
};

const DOCUMENT: DescribedResponse = jsonResponse("An OpenAPI 3.0 document.", DOCUMENT_SCHEMA, {
  openapi: "3.0.3",
  info: { title: "Marina", version: "1.0.0" },
  paths: {},
});

/** @param hasPage Whether the port shows the page for people, too. */
export function createDescriptionPaths(hasPage: boolean): Paths {
  return {
    "/": { options: createDocument("apiDescription", "Describe this API") },
    "/api-description": {
      get: {
        ...createDocument("api_description", "Describe this API, under its old name"),
        description: "Use `/openapi.json` instead.",
        deprecated: true,
      },
    },
    "/openapi.json": { get: createDocument("openApi", "Describe this API, at its usual address") },
    ...hasPage ? { "/docs": { get: createPage() } } : {},
  };
}

/** An operation that answers a model's own document; the caller adds the path's parameters. */
export function describeOneModel(operationId: string): Operation {
  return {
    operationId,
    summary: "Describe the API of this model alone",
    tags: TAG,
    responses: { 200: DOCUMENT, ...errors(400, 403, 404) },
  };
}

function createDocument(operationId: string, summary: string): Operation {
  return { operationId, summary, tags: TAG, responses: { 200: DOCUMENT, ...errors(403) } };
}

function createPage(): Operation {
  return {
    operationId: "apiPage",
    summary: "Show this API as a page to try it out on",
    tags: TAG,
    responses: {
      200: { description: "The page.", content: { "text/html": { schema: TEXT } } },
      ...errors(403),
    },
  };
}
