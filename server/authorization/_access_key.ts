import { Buffer } from "node:buffer";
import { timingSafeEqual } from "node:crypto";

/** 256 bits; TorchServe's keys have 48. */
const KEY_BYTES = 32;
/** Of a key's text: base64url without padding. */
const KEY_LENGTH = 43;

const encoder = new TextEncoder();
/** Room for any text that has a key's length: three bytes a character at most. */
const received = new Uint8Array(3 * KEY_LENGTH);
const receivedKey = received.subarray(0, KEY_LENGTH);

/** One secret, until when it is good, and the question whether a text is it. */
export class AccessKey {
  readonly text: string;
  readonly #bytes: Uint8Array;

  /** @param expiresAtMs Milliseconds since the epoch; absent: it is good for ever. */
  constructor(readonly expiresAtMs?: number) {
    this.text = Buffer.from(crypto.getRandomValues(new Uint8Array(KEY_BYTES))).toString(
      "base64url",
    );
    this.#bytes = encoder.encode(this.text);
  }

  /** Takes the same time wherever a text of a key's length differs; all keys are equally long. */
  matches(token: string): boolean {
    if (token.length !== KEY_LENGTH) return false;
    const { written } = encoder.encodeInto(token, received);
    return written === KEY_LENGTH && timingSafeEqual(receivedKey, this.#bytes);
  }
}
