import type {
  Answer,
  ModelDescription,
  PredictCall,
  RegisterOutcome,
  RegisterRequest,
  ScaleOutcome,
  ScaleRequest,
} from "../models/mod.ts";

/** What the REST routes ask of the models; `ModelRegistry` is the one that runs. Failures are `ServeError`s. */
export interface ModelService {
  register(request: RegisterRequest): Promise<RegisterOutcome>;
  scale(request: ScaleRequest): Promise<ScaleOutcome>;
  describe(name: string, version?: string | "all"): readonly ModelDescription[];
  /** The default versions, sorted by name. */
  list(): readonly { readonly modelName: string; readonly modelUrl: string }[];
  setDefault(name: string, version: string): void | Promise<void>;
  unregister(name: string, version?: string): Promise<void>;
  predict(call: PredictCall): Promise<Answer>;
}
