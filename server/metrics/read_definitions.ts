import { basename } from "node:path";
import { ConfigError } from "../config/mod.ts";
import { BUILT_IN_DEFINITIONS } from "./built_in_definitions.ts";
import type { MetricDefinitions } from "./metric_definition.ts";
import { parseDefinitions } from "./parse_definitions.ts";

/**
 * Reads the metrics that a server keeps: those of a `metrics.yaml`, or the built-in ones without a file.
 *
 * TorchServe goes on without any metrics when the file is broken; here that stops the start, as nobody looks
 * for a line in the log while the dashboards are empty.
 *
 * @throws {ConfigError} If the file cannot be read or used.
 */
export async function readDefinitions(file: string | undefined): Promise<MetricDefinitions> {
  if (file === undefined) return BUILT_IN_DEFINITIONS;
  try {
    return parseDefinitions(await Deno.readTextFile(file));
  } catch (cause) {
    const found = cause instanceof SyntaxError
      ? `${basename(file)} is none: ${cause.message}`
      : cause instanceof Deno.errors.NotFound
      ? `there is no "${file}"`
      : `"${file}" cannot be read`;
    throw new ConfigError(
      `Cannot start: setting "metrics_config" must name a file of metrics, ${found}`,
      { cause },
    );
  }
}
