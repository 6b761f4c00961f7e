import { PredictionException } from "../prediction_exception.ts";
import type { InputSpec } from "./input_spec.ts";

/** The one form of a refusal: what the input takes, and what came instead. */
export function createInputError(spec: InputSpec, found: string): PredictionException {
  return new PredictionException(
    `Cannot build input ${JSON.stringify(spec.name)}: expected ${spec.expected}, found ${found}`,
    400,
  );
}
