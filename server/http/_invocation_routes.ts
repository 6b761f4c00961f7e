/** The routes that predict beside `/predictions`: KServe's, SageMaker's and the oldest ones. */
import type { Part } from "../models/mod.ts";
import type { ModelService } from "./_model_service.ts";
import type { AskedPrediction } from "./_predict_route.ts";
import { listQuery } from "./_query.ts";

const encoder = new TextEncoder();

/**
 * Finds out which prediction a path asks for; the method is never looked at.
 *
 * | path | model | inputs of the query |
 * | --- | --- | --- |
 * | `/v1/models/{m}:predict`, `:explain` | the text before the first colon | no |
 * | `/v2/models/{m}/infer`, `/explain` | `m` | no |
 * | `/models/{m}/invoke` | `m` | yes |
 * | `/invocations` | `model_name` of the query, the one startup model, or a form's field | yes |
 * | `/endpoints/{m}/invocations` | `m` | yes |
 * | `/{m}/predict`, `/{m}/{version}/predict` | `m` | yes |
 *
 * @param segments The path's, decoded.
 * @param url The request's, for its query.
 * @returns `undefined` when the path is none of them.
 */
export function findInvocation(
  segments: readonly string[],
  url: string,
  models: Pick<ModelService, "findStartupModel">,
): AskedPrediction | undefined {
  const [first, second, third, fourth] = segments;
  switch (segments.length) {
    case 1:
      return first === "invocations" ? askedByQuery(url, models) : undefined;
    case 2:
      return second === "predict" ? askedWithQuery(url, first) : undefined;
    case 3:
      if (first === "v1" && second === "models") return askedByKserveV1(third!);
      if (first === "models" && third === "invoke") return askedWithQuery(url, second);
      if (first === "endpoints" && third === "invocations") return askedWithQuery(url, second);
      return third === "predict" ? askedWithQuery(url, first, second) : undefined;
    case 4:
      return first === "v2" && second === "models" ? askedByKserveV2(third!, fourth!) : undefined;
    default:
      return undefined;
  }
}

/** As upstream, the colon's word may stand anywhere, and the name ends at the first colon. */
function askedByKserveV1(call: string): AskedPrediction | undefined {
  const modelName = call.split(":", 1)[0]!;
  if (call.includes(":predict")) return { kind: "predict", modelName, isKserve: true };
  if (call.includes(":explain")) return { kind: "explain", modelName, isKserve: true };
}

function askedByKserveV2(modelName: string, call: string): AskedPrediction | undefined {
  if (call === "infer") return { kind: "predict", modelName, isKserve: true };
  if (call === "explain") return { kind: "explain", modelName, isKserve: true };
}

function askedByQuery(
  url: string,
  models: Pick<ModelService, "findStartupModel">,
): AskedPrediction {
  const pairs = listQuery(url);
  const named = pairs.find(([name]) => name === "model_name")?.[1];
  const modelName = named || models.findStartupModel();
  return { kind: "predict", modelName, queryParts: toParts(pairs) };
}

function askedWithQuery(
  url: string,
  modelName: string | undefined,
  modelVersion?: string,
): AskedPrediction {
  return { kind: "predict", modelName, modelVersion, queryParts: toParts(listQuery(url)) };
}

/** Without a type, so that handlers get them as bytes; absent where there are none. */
function toParts(pairs: readonly (readonly [string, string])[]): Part[] | undefined {
  if (pairs.length === 0) return undefined;
  return pairs.map(([name, value]) => ({ name, contentType: "", bytes: encoder.encode(value) }));
}
