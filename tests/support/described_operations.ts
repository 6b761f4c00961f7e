/** A document's operations as requests of the document's own examples, and their answers against what it says. */
import type {
  OpenApiDocument,
  Operation,
  Parameter,
  ValueSchema,
} from "../../server/openapi/mod.ts";
import { findSchemaFaults, resolveReference } from "./schema_check.ts";

export interface DescribedOperation {
  /** `GET /models/{model_name}` */
  readonly line: string;
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

/** In the document's order. */
export function listOperations(document: OpenApiDocument): DescribedOperation[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([verb, operation]) => {
      const method = verb.toUpperCase();
      return { line: `${method} ${path}`, method, path, operation };
    })
  );
}

/**
 * The request that the operation's examples make: its path parameters, those of the query that must be
 * there, and its body.
 *
 * @param url The server's, no slash at the end.
 */
export function toExampleRequest(
  url: string,
  { method, path, operation }: DescribedOperation,
  token?: string,
): Request {
  const parameters = operation.parameters ?? [];
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const known = parameters.find((parameter) => parameter.name === name)!;
    return encodeURIComponent(String(exampleOf(known)));
  });
  const query = new URLSearchParams(
    parameters.filter((parameter) => parameter.in === "query" && parameter.required)
      .map((parameter) => [parameter.name, String(exampleOf(parameter))]),
  );
  const [media] = Object.entries(operation.requestBody?.content ?? {})
    .filter(([, { example }]) => example !== undefined);
  const headers = new Headers();
  if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
  if (media !== undefined) headers.set("content-type", media[0]);
  const body = media === undefined ? undefined : JSON.stringify(media[1].example);
  return new Request(`${url}${filled}${query.size === 0 ? "" : `?${query}`}`, {
    method,
    headers,
    body,
  });
}

/** One line a fault, none when the answer is what the operation describes; reads the answer's body. */
export async function findAnswerFaults(
  document: OpenApiDocument,
  { operation }: DescribedOperation,
  response: Response,
): Promise<string[]> {
  const text = await response.text();
  const named = operation.responses[response.status];
  if (named === undefined) return [`status ${response.status} is not described: ${text}`];
  const { headers = {}, content = {} } = resolveReference(document, named);
  const faults = Object.keys(headers)
    .filter((name) => !response.headers.has(name))
    .map((name) => `header ${name} is missing`);
  const type = response.headers.get("content-type")?.split(";")[0];
  const schema = (content[type ?? ""] ?? content["*/*"])?.schema;
  if (schema === undefined) {
    if (Object.keys(content).length > 0) faults.push(`content type ${type} is not described`);
  } else if (type === "application/json" && content[type] !== undefined) {
    faults.push(...findSchemaFaults(document, schema, JSON.parse(text), { isStrict: true }));
  }
  return faults;
}

function exampleOf({ name, schema, example }: Parameter): unknown {
  const { enum: allowed } = schema as ValueSchema;
  const found = example ?? allowed?.[0];
  if (found === undefined) throw new Error(`The parameter ${name} has no example`);
  return found;
}
