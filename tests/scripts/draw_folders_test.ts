import { ok, strictEqual, throws } from "node:assert/strict";
import { drawFolders, isInCheckout } from "../../scripts/draw_folders.ts";

const PICTURE = new URL("../../docs/images/folders.svg", import.meta.url);

Deno.test("docs/images/folders.svg shows the folders and the rules as they are (else: deno run -A scripts/draw_folders.ts)", async () => {
  strictEqual(await Deno.readTextFile(PICTURE), drawFolders(isInCheckout));
});

Deno.test("drawFolders() leaves out the arrow to a folder that nobody has made", () => {
  const countArrows = (picture: string) => picture.split("marker-end=").length - 1;
  const isThere = (hidden: string) => (area: string) =>
    isInCheckout(area as Parameters<typeof isInCheckout>[0]) && area !== hidden;
  const whole = drawFolders(isThere(""));
  const picture = drawFolders(isThere("server/downloads"));
  ok(whole.includes("downloads/") && !picture.includes("downloads/"));
  strictEqual(countArrows(picture), countArrows(whole) - 1);
});

Deno.test("drawFolders() refuses a folder that has no place", () => {
  throws(() => drawFolders(() => true), {
    message: 'Cannot draw "server/grpc": it must have a place in scripts/_folder_places.ts',
  });
});
