import type { RestoredModel, RestoredTraffic } from "../config/mod.ts";
import type { ServerState } from "./server_state.ts";

interface LeftOutModel {
  model: RestoredModel;
  weight: number | undefined;
  isShadow: boolean;
}

/**
 * Versions of a snapshot that could not be restored, as an archive was missing or broken.
 *
 * They go into each new snapshot until somebody decides otherwise: so a start without the model store's disk
 * loses nothing.
 */
export class LeftOutModels {
  readonly #models = new Map<string, LeftOutModel>();

  /** @param traffic The weights of its model. */
  add(model: RestoredModel, traffic: RestoredTraffic | undefined): void {
    const { modelName, modelVersion } = model;
    this.#models.set(toKey(modelName, modelVersion), {
      model,
      weight: traffic?.weights[modelVersion],
      isShadow: traffic?.shadow === modelVersion,
    });
  }

  has(modelName: string, modelVersion: string): boolean {
    return this.#models.has(toKey(modelName, modelVersion));
  }

  /**
   * For a version that was registered anew, or that nobody wants any more.
   *
   * @param modelVersion The default one when absent.
   * @returns Whether it was one of these.
   */
  forget(modelName: string, modelVersion?: string): boolean {
    const version = modelVersion ??
      this.#of(modelName).find(({ model }) => model.isDefault)?.model.modelVersion;
    return version !== undefined && this.#models.delete(toKey(modelName, version));
  }

  /** Another version of the model is the default from now on. */
  clearDefault(modelName: string): void {
    for (const one of this.#of(modelName)) one.model = { ...one.model, isDefault: false };
  }

  /** The model's weights are decided anew. */
  clearTraffic(modelName: string): void {
    for (const one of this.#of(modelName)) {
      Object.assign(one, { weight: undefined, isShadow: false });
    }
  }

  /** The state with these models in it, each with its default flag, weight and shadow. */
  addTo(state: ServerState): ServerState {
    if (this.#models.size === 0) return state;
    const leftOut = [...this.#models.values()].filter(({ model }) =>
      !state.models.some((live) => isSameVersion(live, model))
    );
    const models = state.models.map((live) => {
      const hasDefault = leftOut.some(({ model }) =>
        model.modelName === live.modelName && model.isDefault
      );
      return hasDefault ? { ...live, isDefault: false } : live;
    });
    const traffic: Record<string, RestoredTraffic> = { ...state.traffic };
    for (const { model: { modelName, modelVersion }, weight, isShadow } of leftOut) {
      if (weight === undefined && !isShadow) continue;
      const { weights, shadow } = traffic[modelName] ?? { weights: {} };
      const added = weight === undefined ? {} : { [modelVersion]: weight };
      const shadowVersion = isShadow ? modelVersion : shadow;
      traffic[modelName] = {
        weights: { ...weights, ...added },
        ...shadowVersion === undefined ? {} : { shadow: shadowVersion },
      };
    }
    return { models: [...models, ...leftOut.map(({ model }) => model)], traffic };
  }

  #of(modelName: string): LeftOutModel[] {
    return [...this.#models.values()].filter(({ model }) => model.modelName === modelName);
  }
}

function isSameVersion(a: RestoredModel, b: RestoredModel): boolean {
  return a.modelName === b.modelName && a.modelVersion === b.modelVersion;
}

/** Neither names nor versions have blanks. */
function toKey(modelName: string, modelVersion: string): string {
  return `${modelName} ${modelVersion}`;
}
