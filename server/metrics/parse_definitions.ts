import { type Document, LineCounter, parseDocument } from "yaml";
import { BUILT_IN_DEFINITIONS } from "./built_in_definitions.ts";
import type { MetricDefinition, MetricDefinitions, MetricKind } from "./metric_definition.ts";

/** Names of the server's own metrics, which no file and no handler may take. */
export const RESERVED_PREFIX = "marina_";

const KINDS = ["counter", "gauge", "histogram"] as const satisfies readonly MetricKind[];
const NAME_REGEXP = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const DIMENSION_REGEXP = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/;

type Path = readonly (string | number)[];
type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads the text of a `metrics.yaml`: the operator's choice of what is kept, and in which form.
 *
 * The format is TorchServe's: `ts_metrics` and `model_metrics`, each with lists under `counter`, `gauge` and
 * `histogram`; anything else at the top is there for YAML's anchors and not looked at. A metric that the
 * server records itself keeps the number of its dimensions; their names, its kind and its unit may differ.
 *
 * @example
 * ```ts
 * import { deepStrictEqual } from "node:assert";
 * import { parseDefinitions } from "./parse_definitions.ts";
 *
 * const { model } = parseDefinitions(`
 * model_metrics:
 *   counter:
 *     - name: Faces
 *       unit: count
 *       dimensions: [ModelName, Level]
 * `);
 * deepStrictEqual(model, [
 *   { name: "Faces", unit: "count", kind: "counter", dimensions: ["ModelName", "Level"] },
 * ]);
 * ```
 *
 * @throws {SyntaxError} If anything in it cannot be used; the message says what, and in which line. A part of
 * a broken file would be a dashboard with silent holes.
 */
export function parseDefinitions(text: string): MetricDefinitions {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const [broken] = document.errors;
  if (broken !== undefined) {
    const [found] = broken.message.split("\n");
    throw new SyntaxError(`Cannot read metrics: the file must be YAML, found: ${found}`);
  }
  return new DefinitionReader(document, lines).read();
}

/** True if a handler's metric may have this name and these dimensions. */
export function isMetricName(name: string, dimensions: readonly string[]): boolean {
  return NAME_REGEXP.test(name) && !name.startsWith(RESERVED_PREFIX) &&
    dimensions.every((dimension) => DIMENSION_REGEXP.test(dimension) && dimension !== "le");
}

class DefinitionReader {
  readonly #document: Document;
  readonly #lines: LineCounter;
  readonly #names = new Set<string>();

  constructor(document: Document, lines: LineCounter) {
    this.#document = document;
    this.#lines = lines;
  }

  read(): MetricDefinitions {
    const file: unknown = this.#document.toJS();
    if (!isFields(file)) this.#refuse([], "the file must hold ts_metrics or model_metrics");
    const server = this.#readSection("ts_metrics", file.ts_metrics);
    return { server, model: this.#readSection("model_metrics", file.model_metrics) };
  }

  #readSection(title: "ts_metrics" | "model_metrics", section: unknown): MetricDefinition[] {
    if (section === undefined || section === null) return [];
    if (!isFields(section)) this.#refuse([title], `${title} must hold lists by kind`);
    const definitions: MetricDefinition[] = [];
    for (const [key, list] of Object.entries(section)) {
      const kind = KINDS.find((known) => known === key);
      if (kind === undefined) {
        this.#refuse([title, key], `a kind of metric must be one of ${KINDS.join(", ")}`, key);
      }
      if (list === null) continue;
      if (!Array.isArray(list)) this.#refuse([title, key], `${title}.${key} must be a list`);
      list.forEach((item, index) => {
        definitions.push(this.#readMetric([title, kind, index], item, kind));
      });
    }
    return definitions;
  }

  #readMetric(path: Path, item: unknown, kind: MetricKind): MetricDefinition {
    if (!isFields(item)) this.#refuse(path, "a metric must have a name and a unit");
    const name = this.#readText(path, item, "name");
    const unit = this.#readText(path, item, "unit");
    if (!NAME_REGEXP.test(name)) {
      this.#refuse(path, 'a metric\'s name must consist of letters, digits, "_" and ":"', name);
    }
    if (name.startsWith(RESERVED_PREFIX)) {
      this.#refuse(path, `a metric's name must not begin with "${RESERVED_PREFIX}"`, name);
    }
    if (this.#names.has(name)) this.#refuse(path, "a metric must be listed once", name);
    this.#names.add(name);
    const dimensions = this.#readDimensions([...path, "dimensions"], item.dimensions, kind);
    if (path[0] === "ts_metrics") this.#assertDimensionCount(path, name, dimensions);
    return { name, unit, kind, dimensions };
  }

  #readText(path: Path, item: Fields, key: "name" | "unit"): string {
    const value = item[key];
    if (typeof value === "string" && value.trim() !== "") return value.trim();
    this.#refuse(path, `a metric must have a ${key}`, value);
  }

  #readDimensions(path: Path, value: unknown, kind: MetricKind): string[] {
    if (value === undefined || value === null) return [];
    if (!Array.isArray(value)) this.#refuse(path, "dimensions must be a list", value);
    const dimensions = value.map(String);
    dimensions.forEach((dimension, index) => {
      const isTaken = dimensions.indexOf(dimension) !== index;
      if (
        DIMENSION_REGEXP.test(dimension) && !isTaken &&
        !(kind === "histogram" && dimension === "le")
      ) {
        return;
      }
      this.#refuse(
        path,
        'dimensions must be different words of letters, digits and "_"',
        dimension,
      );
    });
    return dimensions;
  }

  /** The server fills dimensions by their place, as TorchServe does: so their number is fixed. */
  #assertDimensionCount(path: Path, name: string, dimensions: readonly string[]): void {
    const known = BUILT_IN_DEFINITIONS.server.find((definition) => definition.name === name);
    if (known === undefined || known.dimensions.length === dimensions.length) return;
    const expected = known.dimensions.join(", ");
    this.#refuse(
      path,
      `"${name}" must have ${known.dimensions.length} dimensions (${expected})`,
      dimensions.join(", "),
    );
  }

  #refuse(path: Path, required: string, found?: unknown): never {
    const text = found === undefined || found === "" ? "" : `, found ${JSON.stringify(found)}`;
    throw new SyntaxError(`Cannot read metrics: ${required}${text} (line ${this.#findLine(path)})`);
  }

  /** The line of the nearest thing that stands in the file itself: behind an alias nothing does. */
  #findLine(path: Path): number {
    for (let length = path.length; length > 0; length--) {
      const node = this.#document.getIn(path.slice(0, length), true) as
        | { readonly range?: readonly number[] }
        | undefined;
      const offset = node?.range?.[0];
      if (offset !== undefined) return this.#lines.linePos(offset).line;
    }
    return 1;
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
