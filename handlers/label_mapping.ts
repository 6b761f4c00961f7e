/** The names of a model's classes by their index, as text. */
export type LabelMapping = ReadonlyMap<string, string>;

const FILE_NAME = "index_to_name.json";

/**
 * Reads the class names an archive may carry in its root, for classifiers.
 *
 * | content | names |
 * | --- | --- |
 * | `{"0": "tench"}` | as they are |
 * | `{"0": ["n01440764", "tench"]}` | the last of each list |
 * | `{"object_type_names": ["bg", "person"]}` | by their place, from 0 |
 *
 * The file's name and forms are those of TorchServe's `ts/utils/util.py`.
 *
 * @param modelDir Absolute path of the unpacked archive.
 * @returns The names, or `null` when there is no such file.
 * @throws {SyntaxError} If the file is not JSON or of another form.
 */
export async function readLabelMapping(modelDir: string): Promise<LabelMapping | null> {
  let text: string;
  try {
    text = await Deno.readTextFile(`${modelDir}/${FILE_NAME}`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
  return parseLabelMapping(text);
}

/** The pure half of {@linkcode readLabelMapping}. */
export function parseLabelMapping(text: string): LabelMapping {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new SyntaxError(`Cannot read "${FILE_NAME}": it is not JSON`, { cause });
  }
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new SyntaxError(
      `Cannot read "${FILE_NAME}": index->name JSON mapping should be in "class": "label" format.`,
    );
  }
  const names = (json as Record<string, unknown>).object_type_names;
  const entries = Object.entries(Array.isArray(names) ? { ...names } : json);
  return new Map(entries.map(([index, label]) => {
    const name = Array.isArray(label) ? label.at(-1) : label;
    if (typeof name === "string") return [index, name];
    throw new SyntaxError(
      `Cannot read "${FILE_NAME}": labels in index->name mapping must be either str or List[str]`,
    );
  }));
}

/**
 * Names one class.
 *
 * @param mapping `null` names classes by their index.
 * @throws {RangeError} If there are names, and none for this class.
 */
export function toLabel(index: number, mapping: LabelMapping | null): string {
  const key = String(index);
  const label = mapping === null ? key : mapping.get(key);
  if (label !== undefined) return label;
  throw new RangeError(`Cannot name class ${index}: "${FILE_NAME}" has no entry "${key}"`);
}
