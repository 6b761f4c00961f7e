import { ConfigError, type TokenConfig } from "../config/mod.ts";
import { AccessKey } from "./_access_key.ts";
import { findBearerToken } from "./_bearer_token.ts";
import { type ClaimKeyFileOptions, KeyFile } from "./_key_file.ts";
import type { RotatedRole, TokenRole } from "./token_role.ts";

export interface OpenTokenAuthorityOptions extends TokenConfig {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly schedule: ClaimKeyFileOptions["schedule"];
}

/** The last moment that a `Date` can name. */
const MAX_DATE_MS = 8.64e15;

type Keys = Readonly<Record<TokenRole, AccessKey>>;

/**
 * The keys of a running server: whoever answers requests asks it whether one may pass.
 *
 * There is one key for each role, 32 random bytes in base64url, and a file that tells them. The keys of
 * `management` and `inference` expire and are then refused until they are made anew; that of `API`, which
 * only makes new ones, lasts as long as the server. Keys are never logged and never read back: a new
 * start makes new ones.
 *
 * Names, file and rules are TorchServe's
 * [token authorization](https://github.com/pytorch/serve/blob/master/docs/token_authorization_api.md);
 * its keys have 6 random bytes.
 */
export class TokenAuthority implements Disposable {
  readonly #options: OpenTokenAuthorityOptions;
  readonly #file: KeyFile;
  #keys: Keys;
  /** Rotations follow one another: the file holds the keys of the last. */
  #lastRotation: Promise<void> = Promise.resolve();

  private constructor(options: OpenTokenAuthorityOptions, file: KeyFile, keys: Keys) {
    this.#options = options;
    this.#file = file;
    this.#keys = keys;
  }

  /**
   * Makes keys and writes the file, with mode 0600.
   *
   * @throws {ConfigError} If the file cannot be written, or holds the keys of a server that runs.
   */
  static async open(options: OpenTokenAuthorityOptions): Promise<TokenAuthority> {
    const expiresAtMs = toExpiry(options);
    const keys: Keys = {
      management: new AccessKey(expiresAtMs),
      inference: new AccessKey(expiresAtMs),
      API: new AccessKey(),
    };
    const file = await KeyFile.claim({ path: options.keyFile, schedule: options.schedule });
    try {
      await file.write(toKeyFileText(keys));
    } catch (cause) {
      file[Symbol.dispose]();
      throw new ConfigError(
        `Cannot start: the key file "${options.keyFile}" must be writable, it is not; start in ` +
          "another folder, or without tokens by --disable-token-auth",
        { cause },
      );
    }
    return new TokenAuthority(options, file, keys);
  }

  /**
   * True when the header holds the role's key, and the key has not expired.
   *
   * @param header The value of `Authorization`, as it came.
   */
  isAuthorized(role: TokenRole, header: string | null | undefined): boolean {
    if (header === null || header === undefined) return false;
    const start = findBearerToken(header);
    if (start === -1) return false;
    const key = this.#keys[role];
    if (!key.matches(header, start)) return false;
    return key.expiresAtMs === undefined || this.#options.now() < key.expiresAtMs;
  }

  /** Makes a role's key anew: from then on the one of before opens nothing. Rejects, and changes nothing, when the file cannot be written. */
  rotate(role: RotatedRole): Promise<void> {
    const rotation = this.#lastRotation.then(() => this.#rotate(role));
    this.#lastRotation = rotation.catch(() => {});
    return rotation;
  }

  /** Lets another server have the file; the keys here go on being good. */
  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
  }

  async #rotate(role: RotatedRole): Promise<void> {
    const keys = { ...this.#keys, [role]: new AccessKey(toExpiry(this.#options)) };
    await this.#file.write(toKeyFileText(keys));
    this.#keys = keys;
  }
}

function toExpiry({ now, expirationMs }: OpenTokenAuthorityOptions): number {
  return Math.min(now() + expirationMs, MAX_DATE_MS);
}

/** TorchServe's fields in its order, without a line feed at the end. */
function toKeyFileText({ management, inference, API }: Keys): string {
  return JSON.stringify(
    { management: toEntry(management), inference: toEntry(inference), API: toEntry(API) },
    null,
    2,
  );
}

function toEntry({ text, expiresAtMs }: AccessKey): Record<string, string> {
  if (expiresAtMs === undefined) return { key: text };
  return { "key": text, "expiration time": new Date(expiresAtMs).toISOString() };
}
