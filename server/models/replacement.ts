import type { RegisterRequest } from "./model_description.ts";

/** What a version that is to be replaced was registered as. */
export interface ReplacedVersion {
  readonly modelName: string;
  readonly request: RegisterRequest;
}

/**
 * The request that a replacement means: what the new one leaves out is as the old one was registered with.
 * What a snapshot said of the old one is left behind, because it holds values of the old archive.
 *
 * @example Only the archive changes
 * ```ts
 * import { deepStrictEqual } from "node:assert";
 * import { mergeReplacement } from "./replacement.ts";
 *
 * const request = { url: "net.mar", batchSize: 8, isSynchronous: false };
 * const replaced = { modelName: "net", request };
 * deepStrictEqual(mergeReplacement(replaced, { url: "net-2.mar", isSynchronous: true }), {
 *   url: "net-2.mar",
 *   batchSize: 8,
 *   isSynchronous: true,
 *   modelName: "net",
 * });
 * ```
 */
export function mergeReplacement(
  replaced: ReplacedVersion,
  request: RegisterRequest,
): RegisterRequest {
  const { restored: _, ...before } = replaced.request;
  const given = Object.entries(request).filter(([, value]) => value !== undefined);
  return {
    ...before,
    ...Object.fromEntries(given),
    url: request.url,
    isSynchronous: true,
    modelName: replaced.modelName,
  };
}
