/**
 * Handlers: what turns requests into tensors and a model's outputs into answers.
 *
 * A handler file says `import { BaseHandler } from "marina"` and exports one class, or a function `handle`.
 */

export { BaseHandler } from "./base_handler.ts";
export type { ModelInput, ModelOutput } from "./base_handler.ts";
export { BUILT_IN_HANDLERS } from "./built_in_handlers.ts";
export type { BuiltInHandler } from "./built_in_handlers.ts";
export { Context } from "./context.ts";
export type {
  HandlerData,
  HandlerManifest,
  ModelContext,
  Rejection,
  RequestContext,
  RequestKind,
  ResponseStatus,
  SystemProperties,
} from "./context.ts";
export { resolveHandlerEntry } from "./handler_entry.ts";
export type { HandlerEntry } from "./handler_entry.ts";
export { ImageClassifier } from "./image_classifier.ts";
export {
  centerCrop,
  decodeImage,
  loadImageDecoder,
  MAX_IMAGE_PIXELS,
  resizeBilinear,
  toImageTensor,
} from "./images/mod.ts";
export type { DecodeImageOptions, Image, ImageSize, ImageTensorOptions } from "./images/mod.ts";
export { parseLabelMapping, readLabelMapping, toLabel } from "./label_mapping.ts";
export type { LabelMapping } from "./label_mapping.ts";
export { Metric, Metrics } from "./metrics.ts";
export type {
  AddSizeOptions,
  AddTimeOptions,
  MetricDefinitionOptions,
  MetricOptions,
  MetricRecord,
  MetricType,
} from "./metrics.ts";
export { PredictionException } from "./prediction_exception.ts";
export { pickRequestValue } from "./request_value.ts";
export { toNestedOutput } from "./rows/mod.ts";
export type { NestedOutput, RequestInput, RequestOutput } from "./rows/mod.ts";
export type { StageTimes } from "./stage_times.ts";
export { softmax } from "./softmax.ts";
export type { ModelSession, Tensor, TensorData, TensorDtype, TensorInfo } from "./tensor.ts";
export { topK } from "./top_k.ts";
export type { Ranked } from "./top_k.ts";
