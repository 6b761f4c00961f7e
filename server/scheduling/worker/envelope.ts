/** The wrappers of bodies and answers that TorchServe calls request envelopes. */
import {
  type HandlerData,
  pickRequestValue,
  type RequestContext,
  type RequestKind,
} from "../../../handlers/mod.ts";
import type { EnvelopeName } from "../../config/mod.ts";
import { openJsonInstances, openKserveInstances } from "./envelope_instances.ts";
import { openKserveV2, type TypingRules } from "./envelope_kserve_v2.ts";

/** What an envelope may know of the request that it opens. */
export interface WrappedRequest {
  readonly request: RequestContext;
  readonly kind: RequestKind;
  readonly modelName: string;
  readonly modelVersion: string;
}

/** One request without its wrapper. */
export interface OpenedRequest {
  /** What the handler gets, at least one row. */
  readonly rows: readonly unknown[];
  /** The answer of what the handler returned for these rows. */
  wrap(results: readonly unknown[]): unknown;
}

/** Opens requests before the handler sees them. */
export interface Envelope {
  /**
   * True where bodies are JSON that the envelope reads itself, whatever their content type says, and a
   * request is any number of rows; else it is one, decoded as ever.
   */
  readonly readsJson: boolean;
  /** @throws {PredictionException} 400 if the body has not the envelope's form. */
  open(row: HandlerData, wrapped: WrappedRequest): OpenedRequest;
}

/**
 * Makes the envelope of one worker.
 *
 * | name | a request's rows | its answer |
 * | --- | --- | --- |
 * | `body` | what it is about, `data` or `body` | the handler's |
 * | `json` | `instances`, with `{"b64": …}` as bytes | `{"predictions": […]}` |
 * | `kserve` | `instances` as they are | `{"predictions": […]}`, or `explanations` |
 * | `kservev2` | `inputs`, each with its `data` in its `shape` | `id`, `model_name`, `model_version`, `outputs` |
 *
 * The forms are those of TorchServe's
 * [request envelopes](https://github.com/pytorch/serve/tree/master/ts/torch_handler/request_envelope).
 * There a batch of several requests fails in the two of KServe; here the rows of all are one list, and
 * each request gets the results of its own.
 */
export function createEnvelope(name: EnvelopeName, typing: TypingRules): Envelope {
  switch (name) {
    case "body":
      return { readsJson: false, open: openBody };
    case "json":
      return { readsJson: true, open: openJsonInstances };
    case "kserve":
      return { readsJson: true, open: openKserveInstances };
    case "kservev2":
      return {
        readsJson: true,
        open: (row, wrapped) => openKserveV2(row, wrapped, typing),
      };
  }
}

function openBody(row: HandlerData): OpenedRequest {
  return { rows: [pickRequestValue(row)], wrap: (results) => results[0] };
}
