import { createDocument, describePorts, type DescribePortsOptions } from "./describe_ports.ts";
import type { HttpMethod, OpenApiDocument, Operation, PathItem, Paths } from "./document.ts";

/** Which of a model's paths are described. */
export type ModelPathKind = "predictions" | "explanations" | "models";

export interface DescribeModelOptions extends Omit<DescribePortsOptions, "ports"> {
  readonly kind: ModelPathKind;
  readonly modelName: string;
  /** Absent where the request names none. */
  readonly modelVersion?: string;
}

/** What is known of a path's parameters, by their names. */
type KnownSegments = Readonly<Record<string, string>>;

/**
 * The document of one model, for `OPTIONS /predictions/{model}[/{version}]` and `OPTIONS /models/…`: its
 * ports' operations with the model's name, and its version when one is named, in the place of the path
 * parameters. Whether the model is there is the caller's to ask.
 *
 * @example
 * ```ts
 * import { deepStrictEqual } from "node:assert";
 * import { describeModel } from "./describe_model.ts";
 *
 * const options = { version: "1.0.0", requiresTokens: false, kind: "predictions" } as const;
 * const { paths } = describeModel({ ...options, modelName: "mnist", modelVersion: "2.0" });
 * deepStrictEqual(Object.keys(paths), ["/predictions/mnist/2.0"]);
 * ```
 */
export function describeModel(options: DescribeModelOptions): OpenApiDocument {
  const { kind, modelName, modelVersion } = options;
  const port = kind === "models" ? "management" : "inference";
  const { paths } = describePorts({ ...options, ports: [port] });
  const isVersionNamed = modelVersion !== undefined;
  const prefix = `/${kind}/{model_name}${isVersionNamed ? "/{model_version}" : ""}`;
  const known: KnownSegments = isVersionNamed
    ? { model_name: modelName, model_version: modelVersion }
    : { model_name: modelName };
  const bound: Record<string, PathItem> = {};
  for (const [path, item] of Object.entries(paths)) {
    if (path !== prefix && !path.startsWith(`${prefix}/`)) continue;
    bound[bindPath(path, known)] = bindItem(item, known);
  }
  return createDocument(bound as Paths, options, {
    title: isVersionNamed ? `${modelName} ${modelVersion}` : modelName,
    description: port === "management" ? "How this model is served." : "How to ask this model.",
  });
}

function bindPath(path: string, known: KnownSegments): string {
  return path.replace(/\{(\w+)\}/g, (template, name: string) => {
    const value = known[name];
    return value === undefined ? template : encodeURIComponent(value);
  });
}

function bindItem(item: PathItem, known: KnownSegments): PathItem {
  const bound: { [Method in HttpMethod]?: Operation } = {};
  for (const [method, operation] of Object.entries(item) as [HttpMethod, Operation][]) {
    const parameters = operation.parameters?.filter((parameter) =>
      parameter.in !== "path" || !Object.hasOwn(known, parameter.name)
    );
    bound[method] = { ...operation, parameters };
  }
  return bound;
}
