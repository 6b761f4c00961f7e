/** Enough for two varints of ten bytes; more makes each refill worth its while. */
const BUFFER_BYTES = 64 * 1024;
/** Protobuf's own limit. */
const MAX_DEPTH = 100;

/** Where protobuf bytes come from: in order, with jumps forward. */
export interface ProtobufInput {
  /** The next bytes, at most `length` of them; none at the end. */
  read(length: number): Promise<Uint8Array>;
  /** Jumps over bytes; answers fewer than `length` where the end comes before. */
  skip(length: number): Promise<number>;
}

/** One field of a message, to be looked at and then forgotten. */
export interface ProtobufField {
  readonly number: number;
  /** 0 varint, 1 eight bytes, 2 length-delimited, 5 four bytes. */
  readonly wire: 0 | 1 | 2 | 5;
  /** Of a varint; exact up to 2^53, −1 for every negative number. */
  readonly value: number;
  /** Of a length-delimited field, in bytes. */
  readonly length: number;
}

/** Looks at a field; what it does not read of its content is skipped. */
export type FieldVisitor = (field: ProtobufField) => Promise<void> | void;

/** Says why bytes are not the protobuf that they should be. */
export class ProtobufError extends Error {
  override readonly name = "ProtobufError";
}

/**
 * Walks through protobuf messages of any size in constant memory.
 *
 * Knows wire types and no schema; groups, long obsolete, are refused.
 */
export class ProtobufReader {
  readonly #input: ProtobufInput;
  #buffer: Uint8Array = new Uint8Array(0);
  #at = 0;
  #position = 0;
  /** Position at which the innermost message ends; `Infinity` for a top message of unknown size. */
  #end = Infinity;
  #depth = 0;

  constructor(input: ProtobufInput) {
    this.#input = input;
  }

  /** Visits the fields of a top message, to the end of the input. */
  async readTop(visit: FieldVisitor): Promise<void> {
    while (await this.#fill(1)) await this.#readField(visit);
  }

  /** Visits the fields of the message that a length-delimited field holds. */
  async readMessage(field: ProtobufField, visit: FieldVisitor): Promise<void> {
    if (++this.#depth > MAX_DEPTH) throw new ProtobufError(`it nests deeper than ${MAX_DEPTH}`);
    const outerEnd = this.#end;
    this.#end = this.#position + field.length;
    while (this.#position < this.#end) await this.#readField(visit);
    this.#end = outerEnd;
    this.#depth--;
  }

  /**
   * The bytes of a length-delimited field.
   *
   * @throws {ProtobufError} If there are more than `maxBytes`.
   */
  async readBytes(field: ProtobufField, maxBytes: number): Promise<Uint8Array> {
    if (field.length > maxBytes) {
      throw new ProtobufError(`field ${field.number} has ${field.length} bytes of ${maxBytes}`);
    }
    const bytes = new Uint8Array(field.length);
    for (let filled = 0; filled < bytes.length;) {
      if (!await this.#fill(1)) throw endsEarly();
      const part = this.#buffer.subarray(this.#at, this.#at + bytes.length - filled);
      bytes.set(part, filled);
      filled += part.length;
      this.#advance(part.length);
    }
    return bytes;
  }

  /** The text of a length-delimited field, which must be UTF-8. */
  async readText(field: ProtobufField, maxBytes: number): Promise<string> {
    const bytes = await this.readBytes(field, maxBytes);
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      throw new ProtobufError(`field ${field.number} is not UTF-8`);
    }
  }

  async #readField(visit: FieldVisitor): Promise<void> {
    if (this.#buffer.length - this.#at < 20) await this.#fill(20);
    const tag = this.#takeVarint();
    const wire = tag % 8;
    const number = Math.floor(tag / 8);
    if (tag > 0xffffffff || number === 0) throw new ProtobufError("a field has no valid number");
    switch (wire) {
      case 0: {
        const value = this.#takeVarint();
        this.#assertInMessage();
        await visit({ number, wire, value: value >= 2 ** 63 ? -1 : value, length: 0 });
        return;
      }
      case 1:
      case 5: {
        const length = wire === 1 ? 8 : 4;
        await this.#skip(length);
        this.#assertInMessage();
        return;
      }
      case 2: {
        const length = this.#takeVarint();
        const end = this.#position + length;
        if (end > this.#end) throw new ProtobufError("a field is longer than its message");
        await visit({ number, wire, value: 0, length });
        await this.#skip(end - this.#position);
        return;
      }
      default:
        throw new ProtobufError(`a field has wire type ${wire}`);
    }
  }

  #assertInMessage(): void {
    if (this.#position > this.#end) throw new ProtobufError("a field is longer than its message");
  }

  /** From the buffer alone: the caller filled it. */
  #takeVarint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 10; i++) {
      if (this.#at >= this.#buffer.length) throw endsEarly();
      const byte = this.#buffer[this.#at]!;
      this.#advance(1);
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    throw new ProtobufError("a number has more than ten bytes");
  }

  /** Whether at least `count` bytes are buffered, after reading more if need be. */
  async #fill(count: number): Promise<boolean> {
    while (this.#buffer.length - this.#at < count) {
      const next = await this.#input.read(BUFFER_BYTES);
      if (next.length === 0) return false;
      const rest = this.#buffer.subarray(this.#at);
      const joined = new Uint8Array(rest.length + next.length);
      joined.set(rest);
      joined.set(next, rest.length);
      this.#buffer = joined;
      this.#at = 0;
    }
    return true;
  }

  async #skip(length: number): Promise<void> {
    const buffered = Math.min(length, this.#buffer.length - this.#at);
    this.#advance(buffered);
    const rest = length - buffered;
    if (rest === 0) return;
    if (await this.#input.skip(rest) !== rest) throw endsEarly();
    this.#position += rest;
  }

  #advance(count: number): void {
    this.#at += count;
    this.#position += count;
  }
}

function endsEarly(): ProtobufError {
  return new ProtobufError("it ends too early");
}
