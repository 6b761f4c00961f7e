/** `POST /models`. */
import { errors, jsonBody, objectOf, statusResponse } from "./_builders.ts";
import { REGISTER_FIELDS, REGISTER_PARAMETERS } from "./_parameters.ts";
import { TAGS } from "./_tags.ts";
import type { Operation } from "./document.ts";

export const REGISTER_OPERATION: Operation = {
  operationId: "registerModel",
  summary: "Register a model",
  description:
    "Needs `enable_model_api`. Parameters are in the query, or in a JSON body, and then " +
    "there alone; `url` must be among them. Numbers that cannot be read are as if they were not sent.",
  tags: [TAGS.models.name],
  parameters: REGISTER_PARAMETERS,
  requestBody: jsonBody(
    objectOf(REGISTER_FIELDS, {
      optional: Object.keys(REGISTER_FIELDS).filter((name) => name !== "url"),
    }),
    { url: "mnist.mar", initial_workers: 1, batch_size: 8 },
    { description: "The same parameters as JSON; the query is not read then." },
  ),
  responses: {
    200: statusResponse(
      "Registered, and its workers are ready.",
      'Model "mnist" Version: 1.0 registered with 1 initial workers',
    ),
    202: statusResponse(
      "Registered, its workers still start (`synchronous=false`).",
      "Processing worker updates...",
    ),
    ...errors(400, 403, 404, 405, 408, 409, 413, 500, 503, 507),
  },
};
