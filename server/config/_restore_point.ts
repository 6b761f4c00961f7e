/** The models of a snapshot, read from text that nobody vouches for: TorchServe may have written it. */
import {
  ConfigError,
  type RestoredModel,
  type RestoredTraffic,
  type RestorePoint,
} from "./server_config.ts";

/** The format of what this server adds to `model_snapshot`; a larger number comes from a newer one. */
export const SNAPSHOT_FORMAT = 1;

const MS_PER_S = 1000;
type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads the value of `model_snapshot`, TorchServe's or ours.
 *
 * Unknown fields do not count. The models come in the file's order; whether their archives exist is not
 * looked at here.
 *
 * @param path The file that it comes from, for the messages.
 * @throws {ConfigError} If it is no JSON, was written by a newer server, or a value cannot be used.
 */
export function parseRestorePoint(path: string, modelSnapshotJson: string): RestorePoint {
  const read = new SnapshotReader(path);
  const root = read.parse(modelSnapshotJson);
  const added = root.marina === undefined ? {} : read.toFields(root.marina, "marina");
  if (added.format !== undefined && added.format !== SNAPSHOT_FORMAT) {
    read.refuse(`its format must be ${SNAPSHOT_FORMAT}, found ${JSON.stringify(added.format)}`);
  }
  const models: RestoredModel[] = [];
  for (const [modelName, versions] of Object.entries(read.toFields(root.models, "models"))) {
    for (const [modelVersion, entry] of Object.entries(read.toFields(versions, modelName))) {
      const where = `${modelName} ${modelVersion}`;
      models.push({ modelName, modelVersion, ...read.toModel(read.toFields(entry, where), where) });
    }
  }
  const traffic = Object.entries(read.toFields(added.traffic ?? {}, "traffic"))
    .map(([name, one]) => [name, read.toTraffic(one, `traffic of ${name}`)] as const);
  return { file: path, models, traffic: Object.fromEntries(traffic) };
}

class SnapshotReader {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  parse(json: string): Fields {
    let value: unknown;
    try {
      value = JSON.parse(json);
    } catch (cause) {
      this.refuse('"model_snapshot" must be JSON, and is none', cause);
    }
    return this.toFields(value, "model_snapshot");
  }

  toFields(value: unknown, where: string): Fields {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return value as Fields;
    }
    this.refuse(`"${where}" must be a JSON object, found ${JSON.stringify(value)}`);
  }

  toModel(entry: Fields, where: string): Omit<RestoredModel, "modelName" | "modelVersion"> {
    const url = entry.marName;
    if (typeof url !== "string" || url === "") this.refuse(`"marName" of "${where}" is missing`);
    const integer = (name: string, least: number): number | undefined =>
      this.#toInteger(entry[name], least, `${name}" of "${where}`);
    const toMs = (seconds: number | undefined) =>
      seconds === undefined ? undefined : seconds * MS_PER_S;
    const minWorkers = integer("minWorkers", 0);
    const maxWorkers = integer("maxWorkers", minWorkers ?? 0);
    return {
      url,
      isDefault: entry.defaultVersion === true,
      minWorkers,
      maxWorkers,
      batchSize: integer("batchSize", 1),
      maxBatchDelayMs: integer("maxBatchDelay", 0),
      responseTimeoutMs: toMs(integer("responseTimeout", 0)),
      startupTimeoutMs: toMs(integer("startupTimeout", 0)),
      runtime: this.#toText(entry.runtimeType, `runtimeType" of "${where}`),
      handler: this.#toText(entry.handler, `handler" of "${where}`),
    };
  }

  toTraffic(value: unknown, where: string): RestoredTraffic {
    const { weights, shadow } = this.toFields(value, where);
    const read = Object.entries(this.toFields(weights ?? {}, where)).map(([version, weight]) =>
      [version, this.#toInteger(weight, 0, where) ?? 0] as const
    );
    const shadowVersion = this.#toText(shadow, where);
    return {
      weights: Object.fromEntries(read),
      ...shadowVersion === undefined ? {} : { shadow: shadowVersion },
    };
  }

  refuse(found: string, cause?: unknown): never {
    throw new ConfigError(
      `Cannot restore the models of "${this.#path}": ${found}`,
      cause === undefined ? undefined : { cause },
    );
  }

  #toInteger(value: unknown, least: number, where: string): number | undefined {
    if (value === undefined) return undefined;
    if (Number.isSafeInteger(value) && (value as number) >= least) return value as number;
    this.refuse(`"${where}" must be an integer from ${least}, found ${JSON.stringify(value)}`);
  }

  #toText(value: unknown, where: string): string | undefined {
    if (value === undefined || typeof value === "string") return value;
    this.refuse(`"${where}" must be a text, found ${JSON.stringify(value)}`);
  }
}
