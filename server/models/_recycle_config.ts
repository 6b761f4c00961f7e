import type { RecycleRules } from "../scheduling/mod.ts";

const BYTES_PER_MB = 1024 * 1024;

const KNOWN_NAMES: readonly string[] = ["afterBatches", "growthMb"];

/**
 * Reads `recycle` of a model config.
 *
 * @returns Nothing when it is not a mapping with one or both of its two names and whole numbers from 1.
 */
export function parseRecycleRules(value: unknown): RecycleRules | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const names = Object.keys(value);
  if (names.length === 0 || names.some((name) => !KNOWN_NAMES.includes(name))) return undefined;
  const { afterBatches, growthMb } = value as Record<string, unknown>;
  for (const number of [afterBatches, growthMb]) {
    if (number !== undefined && !(Number.isSafeInteger(number) && (number as number) >= 1)) {
      return undefined;
    }
  }
  const growthBytes = growthMb === undefined ? undefined : (growthMb as number) * BYTES_PER_MB;
  return { afterBatches: afterBatches as number | undefined, growthBytes };
}
