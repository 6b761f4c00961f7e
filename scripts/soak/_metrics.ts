/** The server's metrics as numbers. */

/** One line of the Prometheus text. */
export interface MetricLine {
  readonly name: string;
  /** What stands between the braces. */
  readonly labels: string;
  readonly value: number;
}

const LINE_REGEXP = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/;

export async function readMetrics(metricsUrl: string): Promise<readonly MetricLine[]> {
  const response = await fetch(`${metricsUrl}/metrics`);
  const text = await response.text();
  return text.split("\n").flatMap((line) => {
    const found = LINE_REGEXP.exec(line);
    if (found === null) return [];
    return [{ name: found[1]!, labels: found[2] ?? "", value: Number(found[3]) }];
  });
}

/** The sum of all series of one name, 0 without any. */
export function toSum(lines: readonly MetricLine[], name: string): number {
  return lines.reduce((sum, line) => line.name === name ? sum + line.value : sum, 0);
}
