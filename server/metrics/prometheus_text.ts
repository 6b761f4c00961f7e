import { toJavaDouble } from "./java_double.ts";

/** One metric with its samples, as the library gives it. */
export interface FamilyReading {
  readonly name: string;
  readonly help: string;
  readonly type: string | number;
  readonly values: readonly SampleReading[];
}

export interface SampleReading {
  /** `name` of the metric, or with an ending where a metric has several samples. */
  readonly metricName?: string;
  readonly labels: Readonly<Partial<Record<string, string | number>>>;
  readonly value: number;
}

/**
 * Writes metrics as TorchServe does, for Prometheus and for clients that match the text.
 *
 * Its Java client ends a list of labels with a comma and writes every number as Java does, which
 * Prometheus reads as well; the library's own text does neither.
 *
 * @example
 * ```ts
 * import { deepStrictEqual } from "node:assert";
 * import { toPrometheusText } from "./prometheus_text.ts";
 *
 * const values = [{ labels: { Level: "Host", Hostname: "h" }, value: 8 }];
 * const text = toPrometheusText([{ name: "Requests2XX", help: "Answers", type: "counter", values }]);
 *
 * deepStrictEqual(text.split("\n").at(-2), 'Requests2XX{Level="Host",Hostname="h",} 8.0');
 * ```
 *
 * @param names Samples to keep, all unless given; a metric without any is left out then, and shown without
 * samples otherwise.
 */
export function toPrometheusText(
  families: readonly FamilyReading[],
  names?: ReadonlySet<string>,
): string {
  let text = "";
  for (const { name, help, type, values } of families) {
    let samples = "";
    for (const { metricName = name, labels, value } of values) {
      if (names !== undefined && !names.has(metricName)) continue;
      samples += `${metricName}${toLabelText(labels)} ${toJavaDouble(value)}\n`;
    }
    if (names !== undefined && samples === "") continue;
    text += `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n${samples}`;
  }
  return text;
}

function toLabelText(labels: SampleReading["labels"]): string {
  let text = "";
  for (const name in labels) {
    text += `${name}="${escapeLabel(String(labels[name]))}",`;
  }
  return text === "" ? "" : `{${text}}`;
}

function escapeHelp(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

function escapeLabel(text: string): string {
  return escapeHelp(text).replaceAll('"', '\\"');
}
