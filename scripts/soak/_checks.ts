/** What an answer is held against: the number that its own request carried. */
import type { WireAnswer } from "./_connection.ts";
import { type Outcome, SoakFault } from "./_ledger.ts";

/** A failure that a situation allows, by TorchServe's exception name. */
export interface AllowedRefusal {
  readonly status: number;
  readonly type: string;
}

/** No worker, no place, no time, or taken out meanwhile. */
export const UNAVAILABLE: AllowedRefusal = { status: 503, type: "ServiceUnavailableException" };
export const NOT_FOUND: AllowedRefusal = { status: 404, type: "ModelNotFoundException" };
/** The handler threw; or the worker died under the request. */
export const FAILED: AllowedRefusal = { status: 503, type: "InternalServerException" };
export const WORKER_DIED: AllowedRefusal = { status: 500, type: "InternalServerException" };

const decoder = new TextDecoder();
const SHOWN_CHARACTERS = 200;

export function createNonce(): string {
  return crypto.randomUUID();
}

export function toText({ body }: WireAnswer): string {
  return decoder.decode(body);
}

/** @throws {SoakFault} If it is no JSON object. */
export function parseAnswer(answer: WireAnswer): Record<string, unknown> {
  try {
    return JSON.parse(toText(answer));
  } catch {
    throw new SoakFault("wrong", `no JSON in ${show(answer)}`);
  }
}

/**
 * An answer with the request's own number, or one of the refusals that its situation allows.
 *
 * @throws {SoakFault} `mixed_up` for another request's number, `wrong` for anything else.
 */
export function checkNonce(
  answer: WireAnswer,
  nonce: string,
  allowed: readonly AllowedRefusal[] = [],
): Outcome {
  if (answer.status !== 200) return checkRefusal(answer, allowed);
  const found = parseAnswer(answer).nonce;
  if (found === nonce) return "answered";
  throw new SoakFault("mixed_up", `asked as ${nonce}, answered ${show(answer)}`);
}

/** @throws {SoakFault} If the answer is not one of the refusals. */
export function checkRefusal(answer: WireAnswer, allowed: readonly AllowedRefusal[]): Outcome {
  const { status } = answer;
  const isAllowed = allowed.some((one) => one.status === status) &&
    allowed.some((one) => one.status === status && one.type === parseAnswer(answer).type);
  if (!isAllowed) throw new SoakFault("wrong", show(answer));
  return `refused ${status}`;
}

/** @throws {SoakFault} If the answer has another status. */
export function checkStatus(answer: WireAnswer, status: number): Outcome {
  if (answer.status !== status) throw new SoakFault("wrong", show(answer));
  return status < 400 ? "answered" : `refused ${status}`;
}

function show(answer: WireAnswer): string {
  return `${answer.status} ${toText(answer).replaceAll(/\s+/g, " ").slice(0, SHOWN_CHARACTERS)}`;
}
