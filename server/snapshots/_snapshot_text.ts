import { stringify } from "dot-properties";
import { type RestoredModel, SNAPSHOT_FORMAT } from "../config/mod.ts";
import type { ServerState } from "./server_state.ts";

const MS_PER_S = 1000;

export interface SnapshotTextOptions {
  readonly fileName: string;
  readonly createdAtMs: number;
  /** The effective settings by upstream's names. */
  readonly properties: ReadonlyMap<string, string>;
  /** What they were read from, `""` when there was no file. */
  readonly configFile: string;
  readonly serverVersion: string;
}

/**
 * A snapshot in TorchServe's form: Java properties, ASCII, one setting a line, of which `model_snapshot` is
 * the last one, so that a file that was cut off has none.
 *
 * What TorchServe has no word for stands in `marina` inside of `model_snapshot`, which it passes over.
 */
export function toSnapshotText(state: ServerState, options: SnapshotTextOptions): string {
  const { properties, configFile, serverVersion, fileName, createdAtMs } = options;
  const lines: [string, string][] = [
    ...[...properties].sort(([a], [b]) => a < b ? -1 : 1),
    ["tsConfigFile", configFile],
    ["version", serverVersion],
    ["model_snapshot", JSON.stringify(toModelSnapshot(state, fileName, createdAtMs), null, 2)],
  ];
  const comment = "Written by Marina. A start without --ts-config and --ncs reads the newest one.";
  const text = stringify([comment, ...lines], { keySep: "=", lineWidth: null });
  return `${text.replaceAll(/[\u0080-\uffff]/g, escapeUnit)}\n`;
}

function toModelSnapshot(state: ServerState, name: string, created: number): unknown {
  const models = new Map<string, Map<string, unknown>>();
  for (const model of state.models) {
    const versions = models.get(model.modelName) ?? new Map<string, unknown>();
    models.set(model.modelName, versions.set(model.modelVersion, toEntry(model)));
  }
  const entries = [...models].map(([name, versions]) => [name, Object.fromEntries(versions)]);
  return {
    name,
    modelCount: models.size,
    created,
    models: Object.fromEntries(entries),
    marina: { format: SNAPSHOT_FORMAT, traffic: state.traffic },
  };
}

function toEntry(model: RestoredModel): unknown {
  return {
    defaultVersion: model.isDefault,
    marName: model.url,
    minWorkers: model.minWorkers,
    maxWorkers: model.maxWorkers,
    batchSize: model.batchSize,
    maxBatchDelay: model.maxBatchDelayMs,
    responseTimeout: toSeconds(model.responseTimeoutMs),
    startupTimeout: toSeconds(model.startupTimeoutMs),
    runtimeType: model.runtime,
    handler: model.handler,
  };
}

function toSeconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / MS_PER_S;
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
