/** Small functions that the paths are put together with. */
import type {
  DescribedResponse,
  Header,
  Operation,
  Parameter,
  Reference,
  RequestBody,
  Responses,
  Schema,
  ValueSchema,
} from "./document.ts";

/** What an operation says besides what all of a kind have. */
export type OperationOptions = Omit<Operation, "responses" | "tags">;

export const TEXT = { type: "string" } as const satisfies ValueSchema;
export const NAME = { type: "string", minLength: 1 } as const satisfies ValueSchema;
export const INTEGER = { type: "integer", format: "int32" } as const satisfies ValueSchema;
export const BOOLEAN = { type: "boolean" } as const satisfies ValueSchema;
export const BINARY = { type: "string", format: "binary" } as const satisfies ValueSchema;

/** The one scheme that there is. */
export const BEARER = "bearer";

export function schemaRef(name: string): Reference {
  return { $ref: `#/components/schemas/${name}` };
}

export function listOf(items: Schema): ValueSchema {
  return { type: "array", items };
}

/** An object whose fields are all there, but for `optional`; further fields may come with later versions. */
export function objectOf(
  properties: Readonly<Record<string, Schema>>,
  options: { readonly optional?: readonly string[]; readonly description?: string } = {},
): ValueSchema {
  const { optional = [], description } = options;
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return {
    type: "object",
    ...description === undefined ? {} : { description },
    properties,
    ...required.length === 0 ? {} : { required },
  };
}

/** The value that the examples of a schema's fields make; `undefined` where it has none, references left out. */
export function toExample(schema: Schema): unknown {
  if ("$ref" in schema) return undefined;
  const { example, items, properties } = schema;
  if (example !== undefined) return example;
  if (items !== undefined) {
    const item = toExample(items);
    return item === undefined ? undefined : [item];
  }
  const fields = Object.entries(properties ?? {})
    .map(([name, field]) => [name, toExample(field)] as const)
    .filter(([, value]) => value !== undefined);
  return fields.length === 0 ? undefined : Object.fromEntries(fields);
}

export function inPath(name: string, description: string, example: unknown): Parameter {
  return { name, in: "path", description, required: true, schema: NAME, example };
}

export function inQuery(name: string, schema: Schema, description: string): Parameter {
  return { name, in: "query", description, schema };
}

export function required(parameter: Parameter): Parameter {
  return { ...parameter, required: true };
}

/** The header that every answer has, but the bare 413. */
export const REQUEST_ID: Readonly<Record<string, Header>> = {
  "x-request-id": {
    description: "Names this request in the server's logs; a new one each time.",
    schema: { type: "string", format: "uuid" },
  },
};

export function jsonResponse(
  description: string,
  schema: Schema,
  example: unknown,
): DescribedResponse {
  return {
    description,
    headers: REQUEST_ID,
    content: { "application/json": { schema, example } },
  };
}

/** `{"status": text}`. */
export function statusResponse(description: string, text: string): DescribedResponse {
  return jsonResponse(description, schemaRef("Status"), { status: text });
}

export function jsonBody(
  schema: Schema,
  example: unknown,
  options: Omit<RequestBody, "content"> = {},
): RequestBody {
  return { ...options, content: { "application/json": { schema, example } } };
}

/** The shared answers of these statuses; {@linkcode ERROR_RESPONSES} in `_components.ts` has them. */
export function errors(...statuses: readonly number[]): Responses {
  return Object.fromEntries(
    statuses.map((status) => [status, { $ref: `#/components/responses/Error${status}` }]),
  );
}
