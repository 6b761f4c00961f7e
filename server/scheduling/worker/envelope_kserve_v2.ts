/** The envelope of KServe's V2 protocol: tensors by name, as JSON or as bytes after it. */
import type { HandlerData } from "../../../handlers/mod.ts";
import type { OpenedRequest, WrappedRequest } from "./envelope.ts";
import { type BinaryTensors, splitBinaryRequest } from "./envelope_binary.ts";
import { nestElements, readTensorElements } from "./envelope_elements.ts";
import { createEnvelopeError, isJsonObject, nameValue, readEnvelopeBody } from "./envelope_body.ts";
import { toOutputTensor, type TypingRules } from "./envelope_output.ts";

export type { TypingRules } from "./envelope_output.ts";

/**
 * Each of `inputs` is a row: `{name, shape, datatype, data}` with `data` nested as `shape` says; of
 * `BYTES` it is the first element, as TorchServe has it. Results are named after the inputs in turn, flat.
 *
 * `id` is the client's, or else the request's own. Answers are JSON alone, which clients that offer to take
 * bytes read, too.
 */
export function openKserveV2(
  row: HandlerData,
  wrapped: WrappedRequest,
  typing: TypingRules,
): OpenedRequest {
  const binary = splitBinaryRequest(row, wrapped.request);
  const { id, inputs } = readEnvelopeBody(binary?.row ?? row, true);
  if (!Array.isArray(inputs) || inputs.length === 0) {
    throw createEnvelopeError(
      `"inputs" must be an array of at least one tensor, found ${nameValue(inputs)}`,
    );
  }
  const rows = inputs.map((input, index) => toRow(input, index, binary?.tensors));
  binary?.tensors.assertEmpty();
  const answerId = typeof id === "string" && id.trim() !== "" ? id : wrapped.request.requestId;
  return {
    rows,
    wrap: (results) => ({
      id: answerId,
      model_name: wrapped.modelName,
      model_version: wrapped.modelVersion,
      outputs: results.map((result, i) => toOutputTensor(rows[i]!.name, result, typing)),
    }),
  };
}

/** What the handler gets for one tensor. */
interface InputRow {
  readonly name: string;
  readonly data: unknown;
}

function toRow(input: unknown, index: number, binary: BinaryTensors | undefined): InputRow {
  if (!isJsonObject(input) || typeof input.name !== "string") {
    throw createEnvelopeError(`input ${index} must be a tensor with a "name"`);
  }
  const { name } = input;
  const tensor = binary === undefined ? input : binary.take(name, input);
  const { elements, shape } = readTensorElements(name, tensor);
  return {
    ...tensor,
    name,
    data: input.datatype === "BYTES" ? elements[0] : nestElements(elements, shape),
  };
}
