/**
 * One decoded image: rows from the top, pixels from the left, channels side by side (`[H, W, C]`), 8 bits each.
 */
export interface Image {
  /** Pixels, at least 1. */
  readonly width: number;
  /** Pixels, at least 1. */
  readonly height: number;
  /** 3 for red, green, blue; 1 for grey. */
  readonly channels: number;
  /** `height × width × channels` bytes. */
  readonly data: Uint8Array;
}
