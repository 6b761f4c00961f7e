export type {
  Answer,
  PredictCall,
  WireKind as PredictKind,
  WirePart as Part,
} from "../scheduling/mod.ts";
