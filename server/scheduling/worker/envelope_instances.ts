/** Envelopes whose requests are `{"instances": […]}`: TensorFlow Serving's rows, and KServe's V1. */
import type { HandlerData } from "../../../handlers/mod.ts";
import type { OpenedRequest, WrappedRequest } from "./envelope.ts";
import { createEnvelopeError, isJsonObject, nameValue, readEnvelopeBody } from "./envelope_body.ts";

/** Each instance is a row; `{"b64": "…"}` in its place, or in the place of one of its columns, is bytes. */
export function openJsonInstances(row: HandlerData): OpenedRequest {
  return {
    rows: readInstances(row).map(decodeInstance),
    wrap: (results) => ({ predictions: results }),
  };
}

/** Each instance is a row, as it stands. */
export function openKserveInstances(row: HandlerData, { kind }: WrappedRequest): OpenedRequest {
  return {
    rows: readInstances(row),
    wrap: (results) => kind === "explain" ? { explanations: results } : { predictions: results },
  };
}

function readInstances(row: HandlerData): readonly unknown[] {
  const { instances } = readEnvelopeBody(row);
  if (!Array.isArray(instances) || instances.length === 0) {
    throw createEnvelopeError(
      `"instances" must be an array of at least one element, found ${nameValue(instances)}`,
    );
  }
  const missing = instances.indexOf(null);
  if (missing >= 0) {
    throw createEnvelopeError(`"instances" must hold values, found null at ${missing}`);
  }
  return instances;
}

function decodeInstance(instance: unknown, index: number): unknown {
  if (!isJsonObject(instance)) return instance;
  if (isEncoded(instance)) return decodeBase64(instance.b64, index);
  const columns = Object.entries(instance).map(([name, value]) =>
    [name, isEncoded(value) ? decodeBase64(value.b64, index) : value] as const
  );
  return Object.fromEntries(columns);
}

function isEncoded(value: unknown): value is { readonly b64: string } {
  return isJsonObject(value) && typeof value.b64 === "string" && Object.keys(value).length === 1;
}

function decodeBase64(text: string, index: number): Uint8Array {
  try {
    return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  } catch (cause) {
    throw createEnvelopeError(`"b64" of instance ${index} must be base64, found other text`, cause);
  }
}
