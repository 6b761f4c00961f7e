import { ServeError } from "../errors.ts";
import type { Traffic } from "./model_description.ts";
import type { ModelVersion } from "./model_version.ts";
import {
  createRegisteredError,
  createReplacedError,
  createVersionNotFoundError,
} from "./registry_errors.ts";
import { ShadowCopier } from "./shadow_copier.ts";
import {
  assertTraffic,
  TrafficSplit,
  withoutVersion,
  withVersionRenamed,
} from "./traffic_split.ts";

/** The versions of one model; the first one registered is the default until another is made so. */
export class ModelVersions {
  readonly modelName: string;
  readonly #versions = new Map<string, ModelVersion>();
  #defaultVersion: string;
  #traffic: Traffic | undefined;
  #split: TrafficSplit | undefined;
  #shadow: ShadowCopier<ModelVersion> | undefined;

  constructor(first: ModelVersion) {
    this.modelName = first.modelName;
    this.#defaultVersion = first.modelVersion;
    this.#versions.set(first.modelVersion, first);
  }

  get default(): ModelVersion {
    return this.#versions.get(this.#defaultVersion)!;
  }

  /** How requests without a version are spread; absent while all go to the default. */
  get traffic(): Traffic | undefined {
    return this.#traffic;
  }

  /** Takes copies of the requests that name no version; absent while there is no shadow. */
  get shadow(): ShadowCopier<ModelVersion> | undefined {
    return this.#shadow;
  }

  get size(): number {
    return this.#versions.size;
  }

  /** True if any version was there when the ports opened. */
  get isLoadedAtStartup(): boolean {
    for (const { request } of this.#versions.values()) {
      if (request.isAtStartup === true || request.restored !== undefined) return true;
    }
    return false;
  }

  has(version: string): boolean {
    return this.#versions.has(version);
  }

  /** True if it is this very version, and not another one of that name. */
  includes(version: ModelVersion): boolean {
    return this.#versions.get(version.modelVersion) === version;
  }

  all(): ModelVersion[] {
    return [...this.#versions.values()];
  }

  isDefault(version: ModelVersion): boolean {
    return version.modelVersion === this.#defaultVersion;
  }

  /** @throws {ServeError} `model_already_registered` */
  add(version: ModelVersion): void {
    if (this.has(version.modelVersion)) throw createRegisteredError(version);
    this.#versions.set(version.modelVersion, version);
  }

  /** @throws {ServeError} `model_version_not_found` */
  get(version: string | undefined): ModelVersion {
    const found = this.#versions.get(version ?? this.#defaultVersion);
    if (found !== undefined) return found;
    throw createVersionNotFoundError(this.modelName, version!);
  }

  /**
   * The version for one request: the one it names, else one by weight, else the default.
   *
   * @param random Gives numbers from 0 up to but without 1; asked only where there are weights.
   * @throws {ServeError} `model_version_not_found`
   */
  choose(version: string | undefined, random: () => number): ModelVersion {
    if (version !== undefined || this.#split === undefined) return this.get(version);
    return this.get(this.#split.pick(random()));
  }

  /**
   * @param traffic Absent: all goes to the default version again.
   * @throws {ServeError} `model_version_not_found`, or `invalid_argument` for weights that make no sense.
   */
  setTraffic(traffic: Traffic | undefined): void {
    if (traffic !== undefined) {
      assertTraffic(this.modelName, traffic);
      for (const version of Object.keys(traffic.weights)) this.get(version);
      if (traffic.shadow !== undefined) this.get(traffic.shadow);
    }
    this.#useTraffic(traffic);
  }

  /** @throws {ServeError} `model_version_not_found`, in upstream's other wording. */
  setDefault(version: string): void {
    if (!this.#versions.has(version)) {
      throw new ServeError(
        "model_version_not_found",
        `Model version ${version} does not exist for model ${this.modelName}`,
      );
    }
    this.#defaultVersion = version;
  }

  /** @throws {ServeError} `model_version_is_default` while other versions remain. */
  remove(version: ModelVersion): void {
    if (this.isDefault(version) && this.size > 1) {
      throw new ServeError(
        "model_version_is_default",
        `Cannot remove default version for model ${this.modelName}`,
      );
    }
    this.#delete(version);
  }

  /**
   * Puts `next` in the place of `previous`, under its own version: default flag and traffic go over, and
   * its archive gets its place in the store. Nothing has changed if this throws.
   *
   * @throws {ServeError} `model_version_not_found` or `model_replaced` if `previous` is not here any more,
   * `model_already_registered` if a third one has the version of `next`, and `model_file_exists` if one
   * has come to use the archive of `previous`.
   */
  replace(previous: ModelVersion, next: ModelVersion): void {
    const [from, to] = [previous.modelVersion, next.modelVersion];
    const found = this.get(from);
    if (found !== previous) throw createReplacedError(previous);
    if (from !== to && this.has(to)) throw createRegisteredError(next);
    next.stored.commit();
    const wasDefault = this.isDefault(previous);
    this.#versions.delete(from);
    this.#versions.set(to, next);
    if (wasDefault) this.#defaultVersion = to;
    if (this.#traffic !== undefined) this.#useTraffic(withVersionRenamed(this.#traffic, from, to));
  }

  /** Takes out a version that did not come up; was it the default, the oldest of the others becomes it. */
  withdraw(version: ModelVersion): void {
    if (this.#versions.get(version.modelVersion) !== version) return;
    this.#delete(version);
    const [oldest] = this.#versions.keys();
    if (this.isDefault(version) && oldest !== undefined) this.#defaultVersion = oldest;
  }

  #delete({ modelVersion }: ModelVersion): void {
    this.#versions.delete(modelVersion);
    if (this.#traffic !== undefined) this.#useTraffic(withoutVersion(this.#traffic, modelVersion));
  }

  #useTraffic(traffic: Traffic | undefined): void {
    this.#traffic = traffic;
    const hasWeights = traffic !== undefined && Object.keys(traffic.weights).length > 0;
    this.#split = hasWeights ? new TrafficSplit(traffic.weights) : undefined;
    const shadow = traffic?.shadow === undefined ? undefined : this.get(traffic.shadow);
    if (shadow === this.#shadow?.target) return;
    this.#shadow = shadow === undefined ? undefined : new ShadowCopier(shadow);
  }
}
