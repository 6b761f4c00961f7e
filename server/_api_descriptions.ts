import denoConfig from "../deno.json" with { type: "json" };
import { isPortShared } from "./_listeners.ts";
import type { ServerConfig } from "./config/mod.ts";
import { ApiDescriptions } from "./http/mod.ts";

/** How each app describes its API; where ports are shared, the inference app speaks for all of them. */
export interface DescriptionsByPort {
  readonly inference: ApiDescriptions;
  readonly management: ApiDescriptions;
  readonly metrics: ApiDescriptions;
}

export function createApiDescriptions(config: ServerConfig): DescriptionsByPort {
  const common = { version: denoConfig.version, requiresTokens: config.tokens !== undefined };
  const inference = { ...common, hasOpenInference: config.isOpenInferenceEnabled };
  const metricsPorts = config.isMetricsApiEnabled ? ["metrics"] as const : [];
  const shared = isPortShared(config) ? ["management", ...metricsPorts] as const : [];
  return {
    inference: new ApiDescriptions({ ...inference, ports: ["inference", ...shared] }),
    management: new ApiDescriptions({ ...common, ports: ["management"] }),
    metrics: new ApiDescriptions({ ...common, ports: ["metrics"] }),
  };
}
