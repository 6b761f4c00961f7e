/** Messages as frames, before they are sent. */

import type { FromWorkerMessage, ToWorkerMessage, WireAnswer, WireItem } from "../protocol.ts";
import type { Frame } from "./frame.ts";

type Segments = Uint8Array<ArrayBuffer>[];

/** The key of a number that JSON has no form for; no config file's key has a NUL. */
export const NUMBER_KEY = "\u0000number";

/** Takes a message apart; its byte arrays are the frame's segments, not copies of them. */
export function toFrame(message: ToWorkerMessage | FromWorkerMessage): Frame {
  const segments: Segments = [];
  switch (message.type) {
    case "load":
      return { header: JSON.stringify(message, replaceNumber), segments };
    case "predict": {
      const batches = message.batches.map(({ id, kind, items }) => ({
        id,
        kind,
        items: items.map((item) => detachItem(item, segments)),
      }));
      return { header: JSON.stringify({ type: "predict", batches }), segments };
    }
    case "result": {
      const answers = message.answers?.map((answer) => detachAnswer(answer, segments));
      return { header: JSON.stringify({ ...message, answers }), segments };
    }
    case "chunk": {
      const chunk = detachAnswer(message.chunk, segments);
      return { header: JSON.stringify({ ...message, chunk }), segments };
    }
    default:
      return { header: JSON.stringify(message), segments };
  }
}

function detachItem({ requestId, parts, headers, urlPath }: WireItem, segments: Segments): unknown {
  const detached = parts.map(({ name, contentType, bytes, isForm }) => {
    segments.push(bytes);
    return { name, contentType, bytes: bytes.byteLength, isForm };
  });
  return { requestId, parts: detached, headers, urlPath };
}

function detachAnswer(answer: WireAnswer, segments: Segments): unknown {
  const { status, statusText, headers, body, error } = answer;
  segments.push(body);
  return { status, statusText, headers, body: body.byteLength, error };
}

/** A model's config may hold `.inf` and `.nan`. */
function replaceNumber(_key: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isFinite(value)
    ? { [NUMBER_KEY]: String(value) }
    : value;
}
