import { ServeError } from "../errors.ts";
import type { Answer, PredictCall } from "../scheduling/mod.ts";
import type {
  ModelDescription,
  RegisterOutcome,
  RegisterRequest,
  ScaleOutcome,
  ScaleRequest,
  Traffic,
} from "./model_description.ts";
import type { ModelVersion } from "./model_version.ts";
import { ModelVersions } from "./model_versions.ts";
import { type ModelOpenerOptions, openModel } from "./open_model.ts";

export interface RegistryOptions extends ModelOpenerOptions {
  /** What is in flight when a model is taken out has this long to finish. */
  readonly unregisterTimeoutMs: number;
  /** Numbers from 0 up to but without 1 that spread requests by weight; `Math.random` unless given. */
  readonly random?: () => number;
}

/** Every model that the server knows, by name and version. The owner calls `close()`. */
export class ModelRegistry {
  readonly #options: RegistryOptions;
  readonly #models = new Map<string, ModelVersions>();
  readonly #random: () => number;
  #isClosing = false;

  constructor(options: RegistryOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
  }

  /**
   * Unpacks an archive, makes it a model and starts its workers.
   *
   * @throws {ServeError} `archive_not_found`, `archive_invalid`, `model_already_registered`; a synchronous
   * call also `workers_failed_to_start` or `workers_out_of_memory`, and then the model is taken out again.
   */
  async register(request: RegisterRequest): Promise<RegisterOutcome> {
    if (this.#isClosing) throw createStoppingError();
    const version = await openModel(request, this.#options);
    const { modelName, modelVersion, minWorkers } = version;
    try {
      this.#add(version);
    } catch (error) {
      await version.close();
      throw error;
    }
    const outcome = { modelName, modelVersion, workers: minWorkers };
    if (minWorkers === 0) return { ...outcome, isComplete: true };
    const isSynchronous = request.isSynchronous;
    try {
      const { maxWorkers } = version.describe(false);
      await version.scale({ modelVersion, minWorkers, maxWorkers, isSynchronous });
    } catch (error) {
      this.#withdraw(version);
      await version.close(createGoneError(version));
      throw error;
    }
    return { ...outcome, isComplete: isSynchronous };
  }

  scale(request: ScaleRequest): Promise<ScaleOutcome> {
    return this.#find(request.modelName).get(request.modelVersion).scale(request);
  }

  /** One description, or one for each version. */
  describe(name: string, version?: string | "all"): readonly ModelDescription[] {
    const versions = this.#find(name);
    const chosen = version === "all" ? versions.all() : [versions.get(version)];
    return chosen.map((one) => one.describe(versions.isDefault(one)));
  }

  /** Every version of every model, those of one model one after the other. */
  describeAll(): readonly ModelDescription[] {
    return [...this.#models.keys()].flatMap((name) => this.describe(name, "all"));
  }

  /** The default versions, sorted by name. */
  list(): readonly { readonly modelName: string; readonly modelUrl: string }[] {
    return [...this.#models.values()]
      .map(({ default: { modelName, modelUrl } }) => ({ modelName, modelUrl }))
      .sort((a, b) => a.modelName < b.modelName ? -1 : 1);
  }

  setDefault(name: string, version: string): void {
    this.#find(name).setDefault(version);
  }

  /** How each model spreads its requests, by name; without those that send all to their default version. */
  listTraffic(): ReadonlyMap<string, Traffic> {
    const traffic = new Map<string, Traffic>();
    for (const [name, versions] of this.#models) {
      if (versions.traffic !== undefined) traffic.set(name, versions.traffic);
    }
    return traffic;
  }

  /** How one model spreads its requests; absent while all go to its default version. */
  getTraffic(name: string): Traffic | undefined {
    return this.#find(name).traffic;
  }

  /**
   * Spreads a model's requests that name no version; a version that is taken out later leaves the split.
   *
   * @param traffic Absent: all goes to the default version again.
   * @throws {ServeError} `model_not_found`, `model_version_not_found`, or `invalid_argument` for weights
   * that make no sense.
   */
  setTraffic(name: string, traffic: Traffic | undefined): void {
    this.#find(name).setTraffic(traffic);
  }

  /**
   * Takes a version out at once; what is in flight has `unregisterTimeoutMs` to finish, then it is refused.
   *
   * @param version The default one when absent.
   * @throws {ServeError} `model_not_found`, `model_version_not_found`, `model_version_is_default`.
   */
  async unregister(name: string, version?: string): Promise<void> {
    const found = this.#find(name).get(version);
    this.#remove(found);
    await this.#drain([found], this.#options.unregisterTimeoutMs);
    await found.close(createGoneError(found));
  }

  /** Answers one request; a handler's or worker's failure is a `ServeError` too. */
  predict(call: PredictCall): Promise<Answer> {
    const versions = this.#models.get(call.modelName);
    if (versions === undefined) return Promise.reject(createNotFoundError(call.modelName));
    try {
      return versions.choose(call.modelVersion, this.#random).predict(call);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** True if each default version has the workers it should have. */
  isHealthy(): boolean {
    for (const versions of this.#models.values()) if (!versions.default.isHealthy) return false;
    return true;
  }

  /** Finishes what is in flight, then stops every worker and removes what was unpacked. */
  async close(options: { readonly deadlineMs: number }): Promise<void> {
    this.#isClosing = true;
    const versions = [...this.#models.values()].flatMap((model) => model.all());
    await this.#drain(versions, options.deadlineMs);
    this.#models.clear();
    await Promise.all(versions.map((version) => version.close()));
  }

  /** Waits until nothing waits or runs in the versions, at most `deadlineMs`. */
  async #drain(versions: readonly ModelVersion[], deadlineMs: number): Promise<void> {
    let cancel = () => {};
    const deadline = new Promise<void>((resolve) => {
      cancel = this.#options.clock.schedule(deadlineMs, resolve);
    });
    await Promise.race([Promise.all(versions.map((version) => version.drain())), deadline]);
    cancel();
  }

  #find(name: string): ModelVersions {
    const versions = this.#models.get(name);
    if (versions === undefined) throw createNotFoundError(name);
    return versions;
  }

  #add(version: ModelVersion): void {
    if (this.#isClosing) throw createStoppingError();
    const versions = this.#models.get(version.modelName);
    if (versions === undefined) {
      this.#models.set(version.modelName, new ModelVersions(version));
    } else versions.add(version);
  }

  #remove(version: ModelVersion): void {
    const versions = this.#find(version.modelName);
    versions.remove(version);
    if (versions.size === 0) this.#models.delete(version.modelName);
  }

  /** Takes out what failed to start; somebody else may have taken it out, or the whole model, meanwhile. */
  #withdraw(version: ModelVersion): void {
    const versions = this.#models.get(version.modelName);
    versions?.withdraw(version);
    if (versions?.size === 0) this.#models.delete(version.modelName);
  }
}

/** For requests that were in when their model went: a second try is told that there is no such model. */
function createGoneError({ modelName, modelVersion }: ModelVersion): ServeError {
  return new ServeError(
    "model_busy",
    `Cannot finish the request: model "${modelName}" version ${modelVersion} was taken out`,
  );
}

function createNotFoundError(name: string): ServeError {
  return new ServeError("model_not_found", `Model not found: ${name}`);
}

function createStoppingError(): ServeError {
  return new ServeError("server_stopping", "Cannot take the request: the server is stopping");
}
