import { parse } from "yaml";
import type { WarmupRequest } from "../scheduling/mod.ts";
import { INERT_KEYS, type ModelConfig, NUMBER_KEYS } from "./_model_config_keys.ts";
import { parseRecycleRules } from "./_recycle_config.ts";
import { parseWarmup } from "./_warmup_config.ts";

export type { ModelConfig } from "./_model_config_keys.ts";

/** Anchors that a config file may refer to; more is a bomb. */
const MAX_YAML_ALIASES = 100;

/** A config file, read. */
export interface ParsedModelConfig {
  readonly config: ModelConfig;
  /** The whole file for handlers; `{}` when it is empty. */
  readonly yaml: Readonly<Record<string, unknown>>;
  /** Values that have no effect, one sentence each. */
  readonly warnings: readonly string[];
}

/**
 * Reads the text of a `model-config.yaml`. A value of the wrong kind has no effect and gives a warning,
 * as upstream, and so has a key that means nothing here; unknown keys belong to the handler.
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
  for (const [name, { key, min, factor, absent }] of Object.entries(NUMBER_KEYS)) {
    const value = yaml[name];
    if (value === undefined) continue;
    if (!Number.isSafeInteger(value) || (value as number) < min) {
      refuse(name, `a whole number from ${min}`);
    } else if (value !== absent) config[key] = (value as number) * factor;
  }
  const { deviceType, deviceIds, useJobTicket, warmup, isolation, recycle } = yaml;
  if (typeof deviceType === "string" && /^(cpu|gpu)$/i.test(deviceType)) {
    config.deviceType = deviceType.toLowerCase();
  } else if (deviceType !== undefined) refuse("deviceType", '"cpu" or "gpu"');
  if (Array.isArray(deviceIds) && deviceIds.every((id) => Number.isSafeInteger(id) && id >= 0)) {
    config.deviceIds = deviceIds;
  } else if (deviceIds !== undefined) refuse("deviceIds", "a list of whole numbers from 0");
  if (typeof useJobTicket === "boolean") config.usesJobTickets = useJobTicket;
  else if (useJobTicket !== undefined) refuse("useJobTicket", "true or false");
  if (isolation === "thread" || isolation === "process") config.isolation = isolation;
  else if (isolation !== undefined) refuse("isolation", '"thread" or "process"');
  if (recycle !== undefined) {
    const rules = parseRecycleRules(recycle);
    if (rules === undefined) {
      refuse("recycle", "afterBatches or growthMb or both, each a whole number from 1");
    } else config.recycle = rules;
  }
  if (warmup !== undefined) {
    const requests = readWarmup(warmup, warnings);
    if (requests !== undefined) config.warmup = requests;
  }
  for (const [name, reason] of Object.entries(INERT_KEYS)) {
    if (isAskedFor(yaml[name])) {
      warnings.push(`"${name}" of the model config has no effect: ${reason}`);
    }
  }
  return { config, yaml, warnings };
}

function readWarmup(value: unknown, warnings: string[]): WarmupRequest[] | undefined {
  try {
    return parseWarmup(value);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    warnings.push(error.message);
    return undefined;
  }
}

/** What a file only repeats of upstream's defaults asks for nothing. */
function isAskedFor(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false && value !== 0 && value !== "";
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
