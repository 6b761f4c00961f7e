/** The setting `models`: JSON of one version of one model, `{"resnet": {"1.0": {"batchSize": 4}}}`. */
import { findNearestName } from "./_nearest_name.ts";
import type { ModelOverrides } from "./server_config.ts";
import { MAX_WORKERS } from "./settings_table.ts";

type Fields = Readonly<Record<string, unknown>>;

interface IntegerField {
  /** Ours. */
  readonly name: Exclude<keyof ModelOverrides, "runtime">;
  readonly most: number;
  /** Ours in one of theirs. */
  readonly factor: number;
}

const MAX_INT32 = 2 ** 31 - 1;
const DAY_S = 86_400;

const INTEGER_FIELDS: Readonly<Record<string, IntegerField>> = {
  minWorkers: { name: "minWorkers", most: MAX_WORKERS, factor: 1 },
  maxWorkers: { name: "maxWorkers", most: MAX_WORKERS, factor: 1 },
  batchSize: { name: "batchSize", most: MAX_INT32, factor: 1 },
  maxBatchDelay: { name: "maxBatchDelayMs", most: DAY_S * 1000, factor: 1 },
  responseTimeout: { name: "responseTimeoutMs", most: DAY_S, factor: 1000 },
  startupTimeout: { name: "startupTimeoutMs", most: DAY_S, factor: 1000 },
};
const KNOWN_NAMES = [...Object.keys(INTEGER_FIELDS), "runtimeType"];
/** TorchServe's own example has them; they say something only inside a snapshot. */
const SNAPSHOT_NAMES = ["defaultVersion", "marName", "parallelLevel"];

export interface ParsedModelOverrides {
  /** By model name, then by version. */
  readonly overrides: ReadonlyMap<string, ReadonlyMap<string, ModelOverrides>>;
  /** What has no effect, each the end of a sentence. */
  readonly warnings: readonly string[];
}

/**
 * Reads the value of `models`.
 *
 * As TorchServe has it, a number counts when it is above 0, and the workers count when both are there and
 * `maxWorkers` is not below `minWorkers`.
 *
 * @throws {SyntaxError} If it is no JSON or a value cannot be used; the message says what must be, as the
 * end of "setting … must".
 */
export function parseModelOverrides(text: string): ParsedModelOverrides {
  const warnings: string[] = [];
  const overrides = new Map<string, ReadonlyMap<string, ModelOverrides>>();
  for (const [modelName, versions] of Object.entries(toFields(parseJson(text), "itself"))) {
    const byVersion = new Map<string, ModelOverrides>();
    for (const [version, fields] of Object.entries(toFields(versions, `at "${modelName}"`))) {
      const where = `"${modelName}" "${version}"`;
      byVersion.set(version, toOverrides(toFields(fields, `at ${where}`), where, warnings));
    }
    overrides.set(modelName, byVersion);
  }
  return { overrides, warnings };
}

function toOverrides(fields: Fields, where: string, warnings: string[]): ModelOverrides {
  const overrides: { -readonly [Name in keyof ModelOverrides]: ModelOverrides[Name] } = {};
  for (const [name, value] of Object.entries(fields)) {
    const field = Object.hasOwn(INTEGER_FIELDS, name) ? INTEGER_FIELDS[name] : undefined;
    if (field !== undefined) {
      if (!Number.isInteger(value) || (value as number) > field.most) {
        throw new SyntaxError(`must hold an integer up to ${field.most} as "${name}" of ${where}`);
      }
      if ((value as number) > 0) overrides[field.name] = (value as number) * field.factor;
      else warnings.push(`has no effect at "${name}" of ${where}: it must be above 0`);
    } else if (name === "runtimeType") {
      if (typeof value !== "string") {
        throw new SyntaxError(`must hold a text as "${name}" of ${where}`);
      }
      overrides.runtime = value;
    } else if (SNAPSHOT_NAMES.includes(name)) {
      warnings.push(`has no effect at "${name}" of ${where}: it counts only inside a snapshot`);
    } else {
      const nearest = findNearestName(name, KNOWN_NAMES);
      const hint = nearest === undefined ? "" : `, did you mean "${nearest}"?`;
      warnings.push(`has no effect at "${name}" of ${where}: the name is unknown${hint}`);
    }
  }
  const { minWorkers, maxWorkers } = overrides;
  if (minWorkers === undefined && maxWorkers === undefined) return overrides;
  if (minWorkers !== undefined && maxWorkers !== undefined && maxWorkers >= minWorkers) {
    return overrides;
  }
  warnings.push(
    `has no effect at the workers of ${where}: "minWorkers" and "maxWorkers" must both be there, the latter not below`,
  );
  delete overrides.minWorkers;
  delete overrides.maxWorkers;
  return overrides;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : cause;
    throw new SyntaxError(`must be JSON (${reason})`, { cause });
  }
}

function toFields(value: unknown, where: string): Fields {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  throw new SyntaxError(`must be a JSON object ${where}`);
}
