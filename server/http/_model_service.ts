import type {
  Answer,
  CustomizedMetadata,
  ModelDescription,
  PredictCall,
  RegisterOutcome,
  RegisterRequest,
  ScaleOutcome,
  ScaleRequest,
  Traffic,
} from "../models/mod.ts";

/** What the REST routes ask of the models; `ModelRegistry` is the one that runs. Failures are `ServeError`s. */
export interface ModelService {
  register(request: RegisterRequest): Promise<RegisterOutcome>;
  scale(request: ScaleRequest): Promise<ScaleOutcome>;
  describe(name: string, version?: string | "all"): readonly ModelDescription[];
  /** What a version's handler says of itself. */
  describeCustomized(name: string, version?: string): Promise<CustomizedMetadata>;
  /** True if a worker of the default version can answer now. */
  isReady(name: string): boolean;
  /** The one model that was loaded at the start, `undefined` if there are more or none. */
  findStartupModel(): string | undefined;
  /** The default versions, sorted by name. */
  list(): readonly { readonly modelName: string; readonly modelUrl: string }[];
  setDefault(name: string, version: string): void | Promise<void>;
  /** How requests without a version are spread; absent while all go to the default one. */
  getTraffic(name: string): Traffic | undefined;
  setTraffic(name: string, traffic: Traffic | undefined): void | Promise<void>;
  unregister(name: string, version?: string): Promise<void>;
  predict(call: PredictCall): Promise<Answer>;
}
