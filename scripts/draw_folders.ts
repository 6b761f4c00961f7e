/** Draws `docs/images/folders.svg` from the rules that `check_imports.ts` proves. */
import { LEAVES, type Place, PLACE_BY_AREA, SERVER_FRAME } from "./_folder_places.ts";
import { type Area, MAY_IMPORT_BY_AREA } from "./_import_rules.ts";

const ROOT = new URL("../", import.meta.url);
const PICTURE = new URL("docs/images/folders.svg", ROOT);
const WIDTH = 980;
const HEIGHT = 532;
const LEAF_AREAS: ReadonlySet<Area> = new Set(["server/leaf", "server/config", "server/logging"]);
/** How far an arrow keeps from a box's corner. */
const CORNER = 16;
const LINE_HEIGHT = 15;
/** Of the file. */
const LINE_LENGTH = 100;

const HEAD = `<svg
  xmlns="http://www.w3.org/2000/svg"
  viewBox="0 0 ${WIDTH} ${HEIGHT}"
  role="img"
  font-family="system-ui, sans-serif"
  font-size="13"
>
  <title>Folders and the direction of imports</title>
  <defs>
    <marker
      id="a"
      viewBox="0 0 10 10"
      refX="9"
      refY="5"
      markerWidth="7"
      markerHeight="7"
      orient="auto-start-reverse"
    >
      <path d="M0 0L10 5L0 10z" fill="#52606d" />
    </marker>
  </defs>
  <rect width="${WIDTH}" height="${HEIGHT}" rx="8" fill="#ffffff" />
`;

/**
 * The map of the folders as one SVG: a box for each, an arrow for each import that the rules allow.
 *
 * Folders that the rules name and nobody has made yet are left out. So are the arrows from `server/` itself
 * to its parts, which it may import all, and those to the leaves.
 *
 * @param hasArea Whether a folder of that name is there.
 * @throws {Error} If a folder has no place on the map.
 */
export function drawFolders(hasArea: (area: Area) => boolean): string {
  const areas = (Object.keys(MAY_IMPORT_BY_AREA) as Area[])
    .filter((area) => !LEAF_AREAS.has(area) && hasArea(area));
  const boxes = areas.filter((area) => area !== "server")
    .map((area) => drawBox(placeOf(area)));
  const arrows = areas.flatMap((from) =>
    MAY_IMPORT_BY_AREA[from]
      .filter((to) => areas.includes(to) && !(from === "server" && to.startsWith("server/")))
      .map((to) => drawArrow(from, to))
  );
  const caption = "An arrow leads from who imports to what is imported. " +
    "A folder is entered through its mod.ts; server.ts may import all that is in server/.";
  return [
    HEAD,
    drawFrame(SERVER_FRAME),
    drawBox(LEAVES, { isDashed: true }),
    ...boxes,
    ...arrows,
    drawText(WIDTH / 2, HEIGHT - 16, caption, NOTE),
    "</svg>\n",
  ].join("");
}

function placeOf(area: Area): Place {
  const place = PLACE_BY_AREA[area];
  if (place === undefined) {
    throw new Error(`Cannot draw "${area}": it must have a place in scripts/_folder_places.ts`);
  }
  return place;
}

const TITLE = { "font-weight": "600", "fill": "#1f2933" };
const NOTE = { "font-size": "11", "fill": "#52606d" };

function drawBox(
  { left, top, width, height, title, notes = [] }: Place,
  { isDashed = false } = {},
) {
  const middle = left + width / 2;
  const textTop = notes.length === 0 ? top + height / 2 + 4 : top + 20;
  return drawElement("rect", {
    x: left,
    y: top,
    width,
    height,
    rx: 6,
    fill: isDashed ? "#ffffff" : "#eef4fb",
    stroke: isDashed ? "#9aa5b1" : "#2f7ed8",
    ...isDashed ? { "stroke-dasharray": "4 3" } : {},
  }) + drawText(middle, textTop, title, TITLE) +
    notes.map((note, index) =>
      note === "" ? "" : drawText(middle, textTop + 17 + index * LINE_HEIGHT, note, NOTE)
    ).join("");
}

function drawFrame({ left, top, width, height, title, notes = [] }: Place): string {
  const rect = { x: left, y: top, width, height, rx: 8, fill: "#f9fbfd", stroke: "#2f7ed8" };
  return drawElement("rect", rect) +
    drawText(left + 12, top + 24, title, { ...TITLE, "text-anchor": "start" }) +
    drawText(left + 72, top + 24, notes.join(" "), { ...NOTE, "text-anchor": "start" });
}

/** Leads from one box's lower side to the other's upper one, as straight as the boxes allow. */
function drawArrow(from: Area, to: Area): string {
  const [source, target] = [placeOf(from), placeOf(to)];
  if (from === "main.ts" && to === "archiver") return drawDetour(source, target);
  const x1 = clampTo(source, target.left + target.width / 2);
  const x2 = clampTo(target, source === SERVER_FRAME ? x1 : source.left + source.width / 2);
  const y1 = source.top + source.height;
  return drawElement("path", { d: `M${x1} ${y1}L${x2} ${target.top}`, ...ARROW });
}

/** Past the left side of `server/`, which stands between the two. */
function drawDetour(source: Place, target: Place): string {
  const x = SERVER_FRAME.left - 20;
  const [y1, y2] = [source.top + source.height / 2, target.top + target.height / 2];
  const d = `M${source.left} ${y1}H${x}V${y2}H${target.left}`;
  return drawElement("path", { d, ...ARROW });
}

const ARROW = {
  "fill": "none",
  "stroke": "#52606d",
  "stroke-width": "1.4",
  "marker-end": "url(#a)",
};

function clampTo({ left, width }: Place, x: number): number {
  return Math.min(Math.max(x, left + CORNER), left + width - CORNER);
}

function drawText(x: number, y: number, text: string, attributes: Record<string, string>): string {
  const escaped = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return drawElement("text", { x, y, "text-anchor": "middle", ...attributes }, escaped);
}

/** In the form of `deno fmt`: one line, or one for each attribute where that would be too long. */
function drawElement(
  name: string,
  attributes: Record<string, string | number>,
  text?: string,
): string {
  const texts = Object.entries(attributes).map(([name, value]) => `${name}="${value}"`);
  const [end, endAlone] = text === undefined ? [" />", "/>"] : Array(2).fill(`>${text}</${name}>`);
  const line = `  <${name} ${texts.join(" ")}${end}`;
  if (line.length <= LINE_LENGTH) return `${line}\n`;
  return `  <${name}\n${texts.map((text) => `    ${text}\n`).join("")}  ${endAlone}\n`;
}

/** Whether the checkout has what an area of the rules names. */
export function isInCheckout(area: Area): boolean {
  try {
    Deno.statSync(new URL(area, ROOT));
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

if (import.meta.main) await Deno.writeTextFile(PICTURE, drawFolders(isInCheckout));
