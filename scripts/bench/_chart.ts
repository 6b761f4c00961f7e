/** A horizontal bar chart as a standalone SVG: no library makes one this small that reads on any ground. */
import { type Figure, toText } from "./_report.ts";

const ROW_HEIGHT = 26;
const LABEL_WIDTH = 390;
const BAR_WIDTH = 310;
const VALUE_WIDTH = 80;
const OWN_FILL = "#2f7ed8";
const OTHER_FILL = "#9aa5b1";

/** Draws figures of one unit as bars, longest first, each with its value. */
export function toBarChart(title: string, figures: readonly Figure[]): string {
  const sorted = [...figures].sort((a, b) => b.value - a.value);
  const longest = Math.max(...sorted.map(({ value }) => value));
  const [width, height] = [LABEL_WIDTH + BAR_WIDTH + VALUE_WIDTH, 50 + sorted.length * ROW_HEIGHT];
  const bars = sorted.map((figure, row) => {
    const y = 40 + row * ROW_HEIGHT;
    const length = Math.max(1, figure.value / longest * BAR_WIDTH);
    return [
      `<text x="${LABEL_WIDTH - 8}" y="${y + 15}" text-anchor="end">${
        escapeXml(figure.name)
      }</text>`,
      `<rect x="${LABEL_WIDTH}" y="${y + 3}" width="${length.toFixed(1)}" height="17" rx="2" ` +
      `fill="${figure.name.startsWith("Marina") ? OWN_FILL : OTHER_FILL}"/>`,
      `<text x="${(LABEL_WIDTH + length + 6).toFixed(1)}" y="${y + 15}">${
        toText(figure.value)
      }</text>`,
    ].join("\n");
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" ` +
    `font-family="system-ui, sans-serif" font-size="12">`,
    `<title>${escapeXml(title)}</title>`,
    `<rect width="${width}" height="${height}" rx="6" fill="#ffffff"/>`,
    `<g fill="#1f2933">`,
    `<text x="16" y="24" font-size="14" font-weight="600">${escapeXml(title)}</text>`,
    ...bars,
    "</g>",
    "</svg>",
    "",
  ].join("\n");
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
