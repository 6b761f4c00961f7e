import { BaseHandler } from "./base_handler.ts";
import { ImageClassifier } from "./image_classifier.ts";

/** A handler that needs no file in the archive. */
export interface BuiltInHandler {
  /** The class to make one of; what `resolveHandlerEntry` takes as an export. */
  load(): new () => BaseHandler<unknown, unknown>;
  /** True if the worker is to call `loadImageDecoder` while it may still load native code. */
  readonly needsImages: boolean;
}

/** The handlers that `--handler NAME` finds without a file; a file of that name in the archive goes first. */
export const BUILT_IN_HANDLERS: ReadonlyMap<string, BuiltInHandler> = new Map<
  string,
  BuiltInHandler
>([
  ["base_handler", { load: () => BaseHandler, needsImages: false }],
  ["image_classifier", { load: () => ImageClassifier, needsImages: true }],
]);
