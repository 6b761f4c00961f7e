import { ServeError } from "../errors.ts";
import type { Traffic } from "./model_description.ts";

/** The largest weight; a thousandth of a percent can be said with it. */
const MAX_WEIGHT = 1_000_000;

/**
 * Spreads requests over versions in proportion to whole numbers.
 *
 * @example Nine of ten requests go to version 1.0
 * ```ts
 * import { deepStrictEqual } from "node:assert";
 * import { TrafficSplit } from "./traffic_split.ts";
 *
 * const split = new TrafficSplit({ "1.0": 90, "2.0": 10 });
 * deepStrictEqual([0, 0.899, 0.9, 0.999].map((share) => split.pick(share)), [
 *   "1.0",
 *   "1.0",
 *   "2.0",
 *   "2.0",
 * ]);
 * ```
 */
export class TrafficSplit {
  readonly #versions: readonly string[];
  /** Sum of the weights up to and with each version. */
  readonly #sums: readonly number[];
  readonly #total: number;

  /** @param weights Whole numbers from 0 by version, at least one above 0. */
  constructor(weights: Readonly<Record<string, number>>) {
    let total = 0;
    const versions: string[] = [];
    const sums: number[] = [];
    for (const [version, weight] of Object.entries(weights)) {
      if (weight === 0) continue;
      total += weight;
      versions.push(version);
      sums.push(total);
    }
    this.#versions = versions;
    this.#sums = sums;
    this.#total = total;
  }

  /** @param share From 0 up to but without 1, each as likely. */
  pick(share: number): string {
    const at = share * this.#total;
    let index = 0;
    while (at >= this.#sums[index]!) index++;
    return this.#versions[index]!;
  }
}

/**
 * Proves that a split can be used for a model; the versions that it names are left to the model.
 *
 * @throws {ServeError} `invalid_argument` if it spreads nothing, a weight is no whole number from 0 to
 * 1,000,000, or the shadow has a weight.
 */
export function assertTraffic(modelName: string, { weights, shadow }: Traffic): void {
  const refuse = (text: string): never => {
    throw new ServeError("invalid_argument", `Cannot set the traffic of "${modelName}": ${text}`);
  };
  let total = 0;
  for (const [version, weight] of Object.entries(weights)) {
    if (!Number.isInteger(weight) || weight < 0 || weight > MAX_WEIGHT) {
      refuse(
        `the weight of version ${
          JSON.stringify(version)
        } must be a whole number from 0 to ${MAX_WEIGHT}, received ${JSON.stringify(weight)}`,
      );
    }
    total += weight;
  }
  if (total === 0 && (shadow === undefined || Object.keys(weights).length > 0)) {
    refuse("at least one weight must be above 0, use DELETE to go back to the default version");
  }
  if (shadow !== undefined && (weights[shadow] ?? 0) > 0) {
    refuse(`version ${JSON.stringify(shadow)} is the shadow, it must have no weight of its own`);
  }
}

/**
 * What is left of a split without one version.
 *
 * @returns `undefined` when nothing is.
 */
export function withoutVersion(traffic: Traffic, version: string): Traffic | undefined {
  const rest = Object.entries(traffic.weights).filter(([name]) => name !== version);
  const weights = rest.some(([, weight]) => weight > 0) ? Object.fromEntries(rest) : {};
  const shadow = traffic.shadow === version ? undefined : traffic.shadow;
  if (shadow === undefined && Object.keys(weights).length === 0) return undefined;
  return { weights, shadow };
}

/** The same split with one version's part given to another, which takes its place. */
export function withVersionRenamed(traffic: Traffic, from: string, to: string): Traffic {
  const rename = (version: string): string => version === from ? to : version;
  const weights = Object.fromEntries(
    Object.entries(traffic.weights).map(([version, weight]) => [rename(version), weight]),
  );
  return { weights, shadow: traffic.shadow === undefined ? undefined : rename(traffic.shadow) };
}
