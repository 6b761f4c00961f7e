import { ServeError } from "../errors.ts";
import type { ModelVersion } from "./model_version.ts";

/** The versions of one model; the first one registered is the default until another is made so. */
export class ModelVersions {
  readonly modelName: string;
  readonly #versions = new Map<string, ModelVersion>();
  #defaultVersion: string;

  constructor(first: ModelVersion) {
    this.modelName = first.modelName;
    this.#defaultVersion = first.modelVersion;
    this.#versions.set(first.modelVersion, first);
  }

  get default(): ModelVersion {
    return this.#versions.get(this.#defaultVersion)!;
  }

  get size(): number {
    return this.#versions.size;
  }

  has(version: string): boolean {
    return this.#versions.has(version);
  }

  all(): ModelVersion[] {
    return [...this.#versions.values()];
  }

  isDefault(version: ModelVersion): boolean {
    return version.modelVersion === this.#defaultVersion;
  }

  add(version: ModelVersion): void {
    this.#versions.set(version.modelVersion, version);
  }

  /** @throws {ServeError} `model_version_not_found` */
  get(version: string | undefined): ModelVersion {
    const found = this.#versions.get(version ?? this.#defaultVersion);
    if (found !== undefined) return found;
    throw new ServeError(
      "model_version_not_found",
      `Model version: ${version} does not exist for model: ${this.modelName}`,
    );
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
    this.#versions.delete(version.modelVersion);
  }

  /** Takes out a version that did not come up; was it the default, the oldest of the others becomes it. */
  withdraw(version: ModelVersion): void {
    if (this.#versions.get(version.modelVersion) !== version) return;
    this.#versions.delete(version.modelVersion);
    const [oldest] = this.#versions.keys();
    if (this.isDefault(version) && oldest !== undefined) this.#defaultVersion = oldest;
  }
}
