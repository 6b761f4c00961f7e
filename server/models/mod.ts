/** What is loaded: archives in the store become models with versions, settings and workers. */

export { splitForm } from "../scheduling/mod.ts";
export type {
  Answer,
  PredictCall,
  WireKind as PredictKind,
  WirePart as Part,
} from "../scheduling/mod.ts";
export type { CustomizedMetadata } from "./customized_metadata.ts";
export { GpuAssigner } from "./gpu_assigner.ts";
export type {
  ModelDescription,
  RegisterOutcome,
  RegisterRequest,
  ScaleOutcome,
  ScaleRequest,
  Traffic,
  WorkerDescription,
  WorkerFailure,
  WorkerState,
} from "./model_description.ts";
export { ModelRegistry, type RegistryOptions } from "./model_registry.ts";
export { type ModelOpenerOptions, openModel } from "./open_model.ts";
export type { ModelDefaults } from "./model_settings.ts";
export { isArchiveName, ModelStore, toModelName, toStoreName } from "./model_store.ts";
export type { ShadowCounts } from "./shadow_copier.ts";
export type { VersionState } from "./version_state.ts";
