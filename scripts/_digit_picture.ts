/** An image as text, for terminals. */
import { readFile } from "node:fs/promises";
import { decodeImage } from "../handlers/mod.ts";

const SHADES = " ░▒▓█";

/** Draws a grey image, two rows of pixels in a row of text; rows with nothing in them are left out. */
export async function toDigitPicture(path: string): Promise<string> {
  const { width, height, data } = await decodeImage(await readFile(path), { grey: true });
  let picture = "";
  for (let y = 0; y < height; y += 2) {
    let row = "  ";
    for (let x = 0; x < width; x++) {
      const grey = (data[y * width + x]! + (data[(y + 1) * width + x] ?? 0)) / 2;
      row += SHADES[Math.round(grey / 255 * (SHADES.length - 1))];
    }
    if (row.trim() !== "") picture += row.trimEnd() + "\n";
  }
  return picture;
}
