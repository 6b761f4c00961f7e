import { parse } from "yaml";

/** Anchors that a config file may refer to; more is a bomb. */
const MAX_YAML_ALIASES = 100;

/** What the server reads of an archive's `model-config.yaml`; the handler sees the whole file. */
export interface ModelConfig {
  readonly minWorkers?: number;
  readonly maxWorkers?: number;
  readonly batchSize?: number;
  readonly maxBatchDelayMs?: number;
  readonly responseTimeoutMs?: number;
  readonly startupTimeoutMs?: number;
  readonly maxRetryTimeoutMs?: number;
  readonly queueCapacity?: number;
  readonly deviceType?: "cpu" | "gpu";
  readonly deviceIds?: readonly number[];
}

/** A config file, read. */
export interface ParsedModelConfig {
  readonly config: ModelConfig;
  /** The whole file for handlers; `{}` when it is empty. */
  readonly yaml: Readonly<Record<string, unknown>>;
  /** Values that have no effect, one sentence each. */
  readonly warnings: readonly string[];
}

/** Upstream's keys, each with ours, its least value and the factor from its unit to ours. */
const NUMBER_KEYS = {
  minWorkers: { key: "minWorkers", min: 1, factor: 1 },
  maxWorkers: { key: "maxWorkers", min: 0, factor: 1 },
  batchSize: { key: "batchSize", min: 1, factor: 1 },
  maxBatchDelay: { key: "maxBatchDelayMs", min: 0, factor: 1 },
  responseTimeout: { key: "responseTimeoutMs", min: 1, factor: 1_000 },
  startupTimeout: { key: "startupTimeoutMs", min: 1, factor: 1_000 },
  maxRetryTimeoutInSec: { key: "maxRetryTimeoutMs", min: 0, factor: 1_000 },
  jobQueueSize: { key: "queueCapacity", min: 1, factor: 1 },
} as const;

/**
 * Reads the text of a `model-config.yaml`. A value of the wrong kind has no effect and gives a warning,
 * as upstream; unknown keys belong to the handler.
 *
 * @example
 * ```ts
 * import { deepStrictEqual } from "node:assert";
 * import { parseModelConfig } from "./model_config.ts";
 *
 * const { config, warnings } = parseModelConfig("batchSize: 8\nresponseTimeout: soon\n");
 * deepStrictEqual(config, { batchSize: 8 });
 * deepStrictEqual(warnings, [
 *   'Cannot use "responseTimeout" of the model config: expected a whole number from 1, found "soon"',
 * ]);
 * ```
 *
 * @throws {SyntaxError} If the text is no YAML, or its top level is no mapping.
 */
export function parseModelConfig(text: string): ParsedModelConfig {
  const yaml = parseMapping(text);
  const config: Record<string, unknown> = {};
  const warnings: string[] = [];
  const refuse = (name: string, expected: string) => {
    const found = JSON.stringify(yaml[name]);
    warnings.push(`Cannot use "${name}" of the model config: expected ${expected}, found ${found}`);
  };
  for (const [name, { key, min, factor }] of Object.entries(NUMBER_KEYS)) {
    const value = yaml[name];
    if (value === undefined) continue;
    if (Number.isSafeInteger(value) && (value as number) >= min) {
      config[key] = (value as number) * factor;
    } else refuse(name, `a whole number from ${min}`);
  }
  const { deviceType, deviceIds } = yaml;
  if (typeof deviceType === "string" && /^(cpu|gpu)$/i.test(deviceType)) {
    config.deviceType = deviceType.toLowerCase();
  } else if (deviceType !== undefined) refuse("deviceType", '"cpu" or "gpu"');
  if (Array.isArray(deviceIds) && deviceIds.every((id) => Number.isSafeInteger(id) && id >= 0)) {
    config.deviceIds = deviceIds;
  } else if (deviceIds !== undefined) refuse("deviceIds", "a list of whole numbers from 0");
  return { config, yaml, warnings };
}

function parseMapping(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = parse(text, { schema: "core", maxAliasCount: MAX_YAML_ALIASES, logLevel: "error" });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SyntaxError(`Cannot read the model config: ${reason}`, { cause: error });
  }
  if (value === null || value === undefined) return {};
  if (typeof value !== "object" || Array.isArray(value)) {
    throw new SyntaxError("Cannot read the model config: expected a mapping at its top level");
  }
  return value as Record<string, unknown>;
}
