import type { ServeError } from "../errors.ts";
import type { Answer, PredictCall } from "../scheduling/mod.ts";
import type { CustomizedMetadata } from "./customized_metadata.ts";
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
import {
  createGoneError,
  createNotFoundError,
  createRegisteredError,
  createStartError,
  createStoppingError,
  createUnregisterTimeoutError,
} from "./registry_errors.ts";
import { mergeReplacement } from "./replacement.ts";
import { isReadyState } from "./version_state.ts";

export interface RegistryOptions extends ModelOpenerOptions {
  /** What is in flight when a model is taken out has this long to finish. */
  readonly unregisterTimeoutMs: number;
  /** Numbers from 0 up to but without 1 that spread requests by weight; `Math.random` unless given. */
  readonly random?: () => number;
}

/** Every model that the server knows, by name and version. The owner calls `close()`. */
export class ModelRegistry {
  readonly #options: RegistryOptions;
  readonly #random: () => number;
  readonly #models = new Map<string, ModelVersions>();
  /** Versions that hold workers and are not, or no longer, among the models. */
  readonly #unlisted = new Set<ModelVersion>();
  /** Registered by a call that waits for its workers, and taken out again should they fail. */
  readonly #tentative = new Set<ModelVersion>();
  /** Calls that still unpack, start or end a version. */
  readonly #calls = new Set<Promise<unknown>>();
  #isClosing = false;

  constructor(options: RegistryOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
  }

  /**
   * Unpacks an archive, makes it a model and starts its workers; with `replaces` it then takes the place of
   * a version that serves until that moment.
   *
   * @throws {ServeError} `archive_not_found`, `archive_invalid`, `model_already_registered`; a synchronous
   * call also `workers_failed_to_start` or `workers_out_of_memory`, and then the model is taken out again.
   * A replacement, which is always synchronous, also `model_not_found`, `model_version_not_found` and
   * `model_replaced`; what it was to replace serves on then.
   */
  async register(request: RegisterRequest): Promise<RegisterOutcome> {
    if (this.#isClosing) throw createStoppingError();
    return await this.#track(
      request.replaces === true ? this.#replace(request) : this.#register(request),
    );
  }

  async scale(request: ScaleRequest): Promise<ScaleOutcome> {
    const version = this.#find(request.modelName).get(request.modelVersion);
    const outcome = await version.scale(request);
    if (outcome === "partial" && !this.#has(version)) throw createNotFoundError(request.modelName);
    return outcome;
  }

  /** One description, or one for each version. */
  describe(name: string, version?: string | "all"): readonly ModelDescription[] {
    const versions = this.#find(name);
    const chosen = version === "all" ? versions.all() : [versions.get(version)];
    return chosen.map((one) => {
      const description = one.describe(versions.isDefault(one));
      const { shadow } = versions;
      return {
        ...description,
        ...this.#tentative.has(one) ? { isTentative: true } : {},
        ...shadow?.target === one ? { shadow: shadow.counts } : {},
      };
    });
  }

  /** Every version of every model, those of one model one after the other. */
  describeAll(): readonly ModelDescription[] {
    return [...this.#models.keys()].flatMap((name) => this.describe(name, "all"));
  }

  /**
   * What the handler of one version says of itself, `{}` if it says nothing.
   *
   * @throws {ServeError} `model_busy` when no worker can be asked, `description_failed`.
   */
  async describeCustomized(name: string, version?: string): Promise<CustomizedMetadata> {
    return await this.#find(name).get(version).describeCustomized();
  }

  /** The one model that was loaded at the start or restored, `undefined` if there are more or none. */
  findStartupModel(): string | undefined {
    let found: string | undefined;
    for (const [name, versions] of this.#models) {
      if (!versions.isLoadedAtStartup) continue;
      if (found !== undefined) return undefined;
      found = name;
    }
    return found;
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
   * @throws {ServeError} `model_not_found`, `model_version_not_found`, `model_version_is_default`;
   * `unregister_timed_out` when requests had to be refused: the version is gone then, too.
   */
  async unregister(name: string, version?: string): Promise<void> {
    const found = this.#find(name).get(version);
    this.#remove(found);
    if (!await this.#track(this.#retire(found))) throw createUnregisterTimeoutError(name);
  }

  /** Answers one request; a handler's or worker's failure is a `ServeError` too. */
  predict(call: PredictCall): Promise<Answer> {
    const versions = this.#models.get(call.modelName);
    if (versions === undefined) return Promise.reject(createNotFoundError(call.modelName));
    try {
      const version = versions.choose(call.modelVersion, this.#random);
      call.servedVersion = version.modelVersion;
      if (versions.shadow !== undefined && call.modelVersion === undefined) {
        versions.shadow.copy(call, version);
      }
      return version.predict(call);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** True if each default version has the workers it should have. */
  isHealthy(): boolean {
    for (const versions of this.#models.values()) if (!versions.default.isHealthy) return false;
    return true;
  }

  /**
   * True if a worker of the version can answer now.
   *
   * @param version The default one when absent.
   * @throws {ServeError} `model_not_found` or `model_version_not_found`.
   */
  isReady(name: string, version?: string): boolean {
    return isReadyState(this.#find(name).get(version).state);
  }

  /** Finishes what is in flight, then stops every worker and removes what was unpacked. */
  async close(options: { readonly deadlineMs: number }): Promise<void> {
    this.#isClosing = true;
    const versions = [...this.#models.values()].flatMap((model) => model.all());
    const unlisted = [...this.#unlisted];
    await this.#drain([...versions, ...unlisted], options.deadlineMs);
    this.#models.clear();
    await Promise.all([...versions, ...unlisted].map((version) => version.close()));
    await Promise.allSettled(this.#calls);
  }

  async #track<Outcome>(call: Promise<Outcome>): Promise<Outcome> {
    this.#calls.add(call);
    try {
      return await call;
    } finally {
      this.#calls.delete(call);
    }
  }

  async #register(request: RegisterRequest): Promise<RegisterOutcome> {
    const version = await openModel(request, this.#options);
    const { modelName, modelVersion, minWorkers, maxWorkers } = version;
    try {
      this.#add(version);
    } catch (error) {
      await this.#abandon(version);
      throw error;
    }
    const outcome = { modelName, modelVersion, workers: minWorkers };
    if (minWorkers === 0) {
      await version.stored.settle();
      return { ...outcome, isComplete: true };
    }
    const { isSynchronous } = request;
    if (isSynchronous) this.#tentative.add(version);
    try {
      await version.scale({ modelVersion, minWorkers, maxWorkers, isSynchronous });
      // Taken out, or the server stops: its workers were ended before they were ready.
      if (!this.#has(version)) throw this.#createLostError(version);
    } catch (error) {
      this.#withdraw(version);
      await this.#abandon(version, createGoneError(version));
      throw error;
    } finally {
      this.#tentative.delete(version);
    }
    await version.stored.settle();
    return { ...outcome, isComplete: isSynchronous };
  }

  /** The new version has its workers before the old one is taken out, so that no request finds neither. */
  async #replace(request: RegisterRequest): Promise<RegisterOutcome> {
    const { versions, previous } = this.#findReplaced(request);
    const { minWorkers, maxWorkers, modelVersion: replacedVersion } = previous;
    const merged = mergeReplacement(previous, request);
    const next = await openModel(merged, this.#options, previous);
    const { modelName, modelVersion } = next;
    this.#unlisted.add(next);
    try {
      if (this.#isClosing) throw createStoppingError();
      if (modelVersion !== replacedVersion && versions.has(modelVersion)) {
        throw createRegisteredError(next);
      }
      const scaling = { modelVersion, minWorkers, maxWorkers, isSynchronous: true };
      if (await next.scale(scaling) !== "complete") throw this.#createLostError(next);
      if (this.#isClosing) throw createStoppingError();
      this.#find(modelName).replace(previous, next);
    } catch (error) {
      await this.#abandon(next);
      throw error;
    } finally {
      this.#unlisted.delete(next);
    }
    if (previous.minWorkers !== minWorkers || previous.maxWorkers !== maxWorkers) {
      const { minWorkers, maxWorkers } = previous;
      await next.scale({ modelVersion, minWorkers, maxWorkers, isSynchronous: false });
    }
    await this.#retire(previous);
    return { modelName, modelVersion, workers: next.minWorkers, isComplete: true, replacedVersion };
  }

  /** Ends a version that is not among the models any more; false if it had to refuse requests. */
  async #retire(version: ModelVersion): Promise<boolean> {
    this.#unlisted.add(version);
    try {
      const isDrained = await this.#drain([version], this.#options.unregisterTimeoutMs);
      await version.close(createGoneError(version));
      await version.stored.release();
      return isDrained;
    } finally {
      this.#unlisted.delete(version);
    }
  }

  /** Ends a version that did not come to be registered: what was downloaded for it goes, too. */
  async #abandon(version: ModelVersion, reason?: ServeError): Promise<void> {
    await version.close(reason);
    await version.stored.abandon();
  }

  /** Waits until nothing waits or runs in the versions, at most `deadlineMs`; false if something still does. */
  async #drain(versions: readonly ModelVersion[], deadlineMs: number): Promise<boolean> {
    let cancel = () => {};
    const deadline = new Promise<boolean>((resolve) => {
      cancel = this.#options.clock.schedule(deadlineMs, () => resolve(false));
    });
    const drained = Promise.all(versions.map((version) => version.drain())).then(() => true);
    const isDrained = await Promise.race([drained, deadline]);
    cancel();
    return isDrained;
  }

  #find(name: string): ModelVersions {
    const versions = this.#models.get(name);
    if (versions === undefined) throw createNotFoundError(name);
    return versions;
  }

  #findReplaced(request: RegisterRequest): { versions: ModelVersions; previous: ModelVersion } {
    const { modelName = "", replacedVersion, url } = request;
    const versions = this.#find(modelName);
    const sameUrl = versions.all().find(({ modelUrl }) => modelUrl === url);
    const isByUrl = replacedVersion === undefined && sameUrl !== undefined;
    return { versions, previous: isByUrl ? sameUrl : versions.get(replacedVersion) };
  }

  #has(version: ModelVersion): boolean {
    return this.#models.get(version.modelName)?.includes(version) === true;
  }

  #add(version: ModelVersion): void {
    if (this.#isClosing) throw createStoppingError();
    const versions = this.#models.get(version.modelName);
    if (versions === undefined) this.#models.set(version.modelName, new ModelVersions(version));
    else versions.add(version);
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

  /** For who waits for workers that somebody else has ended. */
  #createLostError(version: ModelVersion) {
    return this.#isClosing ? createStoppingError() : createStartError(version, version);
  }
}
