import { hostname } from "node:os";
import type { ServerConfig } from "./config/mod.ts";
import { createLog, hasLogFiles, writeMetricLine } from "./logging/mod.ts";
import { readDefinitions, ServerMetrics, type ServerMetricsOptions } from "./metrics/mod.ts";
import type { Clock } from "./scheduling/mod.ts";

/**
 * Makes what counts, as the config says; the caller starts and stops it.
 *
 * @throws {ConfigError} If the file of metrics cannot be used.
 */
export async function createServerMetrics(
  config: ServerConfig,
  clock: Clock,
  read: Pick<ServerMetricsOptions, "readModels" | "readSnapshots">,
): Promise<ServerMetrics> {
  const log = createLog("metrics");
  return new ServerMetrics({
    config: config.metrics,
    definitions: await readDefinitions(config.metrics.definitionsFile),
    hostname: hostname(),
    clock,
    writeLine: hasLogFiles() ? writeMetricLine : undefined,
    hasGpus: config.numberOfGpu > 0,
    ...read,
    onWarning: (text, fields) => log.warn(text, fields),
  });
}
