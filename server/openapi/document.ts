/**
 * The part of [OpenAPI 3.0.3](https://spec.openapis.org/oas/v3.0.3) that this server's documents use, as
 * types; names are the specification's. 3.0 because the generators of clients read it best.
 */

export interface OpenApiDocument {
  readonly openapi: "3.0.3";
  readonly info: {
    readonly title: string;
    readonly version: string;
    readonly description: string;
    readonly license: { readonly name: string; readonly url: string };
  };
  /** The groups of operations, in the order in which they are shown. */
  readonly tags: readonly Tag[];
  readonly paths: Paths;
  readonly components: Components;
}

export interface Tag {
  readonly name: string;
  readonly description: string;
}

/** By path template: `/models/{model_name}`. */
export type Paths = Readonly<Record<string, PathItem>>;

export type HttpMethod = "get" | "put" | "post" | "delete" | "options";
export type PathItem = { readonly [Method in HttpMethod]?: Operation };

export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly deprecated?: true;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: RequestBody;
  /** By status, and `default`. */
  readonly responses: Responses;
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
}

export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly description: string;
  readonly required?: true;
  readonly schema: Schema;
  readonly example?: unknown;
}

export interface RequestBody {
  readonly description?: string;
  readonly required?: true;
  readonly content: Content;
}

export type Responses = Readonly<Record<string, ResponseOrRef>>;
export type ResponseOrRef = DescribedResponse | Reference;

export interface DescribedResponse {
  readonly description: string;
  readonly headers?: Readonly<Record<string, Header>>;
  readonly content?: Content;
}

export interface Header {
  readonly description: string;
  readonly schema: Schema;
}

/** By media type. */
export type Content = Readonly<Record<string, MediaType>>;

export interface MediaType {
  readonly schema: Schema;
  readonly example?: unknown;
  readonly examples?: Readonly<
    Record<string, { readonly summary?: string; readonly value: unknown }>
  >;
}

export interface Reference {
  readonly $ref: string;
}

/** JSON Schema as OpenAPI 3.0 has it. */
export type Schema = Reference | ValueSchema;

export interface ValueSchema {
  readonly type?: "string" | "integer" | "number" | "boolean" | "array" | "object";
  readonly format?: "int32" | "int64" | "binary" | "date-time" | "uuid";
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly default?: unknown;
  readonly example?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxProperties?: number;
  readonly pattern?: string;
  readonly nullable?: true;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
}

export interface Components {
  readonly schemas: Readonly<Record<string, Schema>>;
  readonly responses: Readonly<Record<string, DescribedResponse>>;
  readonly securitySchemes?: Readonly<Record<string, SecurityScheme>>;
}

export interface SecurityScheme {
  readonly type: "http";
  readonly scheme: "bearer";
  readonly description: string;
}
