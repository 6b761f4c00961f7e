/** Memory and requests a second over a run, as a standalone SVG in the form of the bench's chart. */
import type { Sample } from "./_memory_probe.ts";

const WIDTH = 780;
const LEFT = 70;
const RIGHT = 760;
const PANEL_HEIGHT = 130;
const PANEL_TOPS = [50, 230] as const;
const HEIGHT = 410;
const LINE = "#2f7ed8";
const GRID = "#d9dee4";

interface Panel {
  readonly title: string;
  readonly points: readonly (readonly [atMs: number, value: number])[];
}

/** Draws two panels over one axis of minutes, each from 0 to a round number above its highest value. */
export function toLineChart(samples: readonly Sample[]): string {
  const rates = samples.slice(1).map((sample, i) => {
    const before = samples[i]!;
    const perSecond = (sample.requests - before.requests) / ((sample.atMs - before.atMs) / 1000);
    return [sample.atMs, perSecond] as const;
  });
  const panels: readonly Panel[] = [
    {
      title: "Memory of the server's process (PSS, MB)",
      points: samples.map(({ atMs, pssMb }) => [atMs, pssMb] as const),
    },
    { title: "Requests a second", points: rates },
  ];
  const endMs = samples.at(-1)?.atMs ?? 1;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" ` +
    `font-family="system-ui, sans-serif" font-size="12">`,
    "<title>A soak: memory and requests a second over the run</title>",
    `<rect width="${WIDTH}" height="${HEIGHT}" rx="6" fill="#ffffff"/>`,
    `<g fill="#1f2933">`,
    ...panels.map((panel, i) => drawPanel(panel, PANEL_TOPS[i]!, endMs)),
    `<text x="${RIGHT}" y="${HEIGHT - 10}" text-anchor="end">minutes</text>`,
    "</g>",
    "</svg>",
    "",
  ].join("\n");
}

function drawPanel({ title, points }: Panel, top: number, endMs: number): string {
  const highest = toRoundAbove(Math.max(1, ...points.map(([, value]) => value)));
  const bottom = top + PANEL_HEIGHT;
  const toX = (atMs: number): string => (LEFT + atMs / endMs * (RIGHT - LEFT)).toFixed(1);
  const toY = (value: number): string => (bottom - value / highest * PANEL_HEIGHT).toFixed(1);
  const levels = [0, highest / 2, highest].map((level) =>
    `<path d="M${LEFT} ${toY(level)}H${RIGHT}" stroke="${GRID}"/>` +
    `<text x="${LEFT - 8}" y="${Number(toY(level)) + 4}" text-anchor="end">${level}</text>`
  );
  const minutes = endMs / 60_000;
  const everyMinutes = toRoundAbove(minutes / 6);
  const ticks = Array.from(
    { length: Math.floor(minutes / everyMinutes) + 1 },
    (_, i) => i * everyMinutes,
  ).map((minute) =>
    `<text x="${toX(minute * 60_000)}" y="${bottom + 18}" text-anchor="middle">${
      Number(minute.toPrecision(2))
    }</text>`
  );
  const path = points.map(([atMs, value]) => `${toX(atMs)} ${toY(value)}`).join("L");
  return [
    `<text x="16" y="${top - 16}" font-size="14" font-weight="600">${title}</text>`,
    ...levels,
    ...ticks,
    `<path d="M${path}" fill="none" stroke="${LINE}" stroke-width="2" stroke-linejoin="round"/>`,
  ].join("\n");
}

/** The next of 1, 2 and 5 times a power of ten. */
function toRoundAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return (([1, 2, 5].find((factor) => factor * power >= value)) ?? 10) * power;
}
