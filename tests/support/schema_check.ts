/** JSON values against the schemas of this project's own OpenAPI documents, by their few keywords. */
import type { OpenApiDocument, Schema, ValueSchema } from "../../server/openapi/mod.ts";

export interface SchemaCheckOptions {
  /** Whether a field that the schema does not name is a fault: answers are to be described in full. */
  readonly isStrict?: boolean;
}

/** One line a fault, `$.models[0].modelUrl: must be string, found number`; none when all is well. */
export function findSchemaFaults(
  document: OpenApiDocument,
  schema: Schema,
  value: unknown,
  { isStrict = false }: SchemaCheckOptions = {},
): string[] {
  const faults: string[] = [];

  function check(of: Schema, found: unknown, path: string): void {
    const { type, enum: allowed, ...rest } = resolve(document, of);
    if (type !== undefined && !isOfType(type, found)) {
      faults.push(`${path}: must be ${type}, found ${JSON.stringify(found)}`);
      return;
    }
    if (allowed !== undefined && !allowed.includes(found as string)) {
      faults.push(`${path}: must be one of ${allowed}, found ${JSON.stringify(found)}`);
    }
    if (rest.minimum !== undefined && (found as number) < rest.minimum) {
      faults.push(`${path}: must be at least ${rest.minimum}, found ${found}`);
    }
    if (type === "array" && rest.items !== undefined) {
      (found as unknown[]).forEach((item, index) => check(rest.items!, item, `${path}[${index}]`));
    }
    if (type === "object") checkObject(rest, found as Record<string, unknown>, path);
  }

  function checkObject(of: ValueSchema, found: Record<string, unknown>, path: string): void {
    const { properties = {}, required = [], additionalProperties } = of;
    for (const name of required) {
      if (!Object.hasOwn(found, name)) faults.push(`${path}.${name}: must be there`);
    }
    for (const [name, item] of Object.entries(found)) {
      const known = properties[name];
      if (known !== undefined) check(known, item, `${path}.${name}`);
      else if (typeof additionalProperties === "object") {
        check(additionalProperties, item, `${path}.${name}`);
      } else if (isStrict && additionalProperties !== true) {
        faults.push(`${path}.${name}: is not described`);
      }
    }
  }

  check(schema, value, "$");
  return faults;
}

/** What a reference of the document names, or the thing itself. */
export function resolveReference<T extends object>(
  document: OpenApiDocument,
  value: T | { readonly $ref: string },
): T {
  if (!("$ref" in value)) return value;
  let found: unknown = document;
  for (const part of value.$ref.replace(/^#\//, "").split("/")) {
    found = (found as Record<string, unknown> | undefined)?.[part];
  }
  if (found === undefined) throw new Error(`The document has no ${value.$ref}`);
  return found as T;
}

function resolve(document: OpenApiDocument, schema: Schema): ValueSchema {
  return resolveReference<ValueSchema>(document, schema);
}

function isOfType(type: NonNullable<ValueSchema["type"]>, value: unknown): boolean {
  switch (type) {
    case "integer":
      return Number.isInteger(value);
    case "array":
      return Array.isArray(value);
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value);
    case "string":
      return typeof value === "string";
    case "number":
      return typeof value === "number";
    case "boolean":
      return typeof value === "boolean";
  }
}
