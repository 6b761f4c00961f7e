import type { ModelSession, TensorDtype, TensorInfo } from "../tensor.ts";

/** How an input counts rows: any number in a run, exactly one, or the tensor has no rows at all. */
export type RowAxis = "many" | "one" | "none";

/** One input of a model, with what every request needs to know of it worked out once. */
export interface InputSpec {
  readonly name: string;
  readonly dtype: TensorDtype;
  readonly shape: readonly (number | string)[];
  readonly rowAxis: RowAxis;
  /** Elements of one row, or of the whole tensor where it has no rows; `null` if a dimension is free. */
  readonly rowElements: number | null;
  /** For messages: `float32 [N, 64]`. */
  readonly expected: string;
}

/** Whether rows of several requests may share a run: proven by the model's own words, refuted, or to be tried. */
export type Joinability = "yes" | "no" | "unknown";

/** What {@linkcode describeModel} finds. */
export interface ModelSpec {
  readonly inputs: readonly InputSpec[];
  readonly outputs: readonly TensorInfo[];
  readonly joinability: Joinability;
}

/**
 * Works out how a model takes rows, from its declared shapes.
 *
 * The first axis of an input counts rows if it is free. Where no input has a free first axis, inputs whose
 * first dimension is 1 take one row a run. Every other input (a scalar, a state of shape `[2, N, 128]`) is one
 * tensor that belongs to the whole request.
 *
 * Requests may share a run if the first axes of all inputs and outputs carry the same name; where names are
 * missing or differ, shapes alone cannot tell a row axis from one whose length depends on the data.
 */
export function describeModel(session: Pick<ModelSession, "inputs" | "outputs">): ModelSpec {
  const anyFree = session.inputs.some(({ shape }) => typeof shape[0] === "string");
  const inputs = session.inputs.map(({ name, dtype, shape }): InputSpec => {
    const rowAxis = typeof shape[0] === "string"
      ? "many"
      : !anyFree && shape[0] === 1
      ? "one"
      : "none";
    const rowShape = rowAxis === "none" ? shape : shape.slice(1);
    const isFree = rowShape.some((dim) => typeof dim === "string");
    const rowElements = isFree ? null : (rowShape as number[]).reduce((n, dim) => n * dim, 1);
    return { name, dtype, shape, rowAxis, rowElements, expected: `${dtype} ${formatShape(shape)}` };
  });
  return { inputs, outputs: session.outputs, joinability: judgeJoins(inputs, session.outputs) };
}

function judgeJoins(inputs: readonly InputSpec[], outputs: readonly TensorInfo[]): Joinability {
  if (inputs.length === 0 || inputs.some(({ rowAxis }) => rowAxis !== "many")) return "no";
  const first = inputs[0]!.shape[0];
  if (inputs.some(({ shape }) => shape[0] !== first)) return "no";
  const heads = outputs.map(({ shape }) => shape[0]);
  if (heads.some((head) => typeof head === "number")) return "no";
  return first !== "" && heads.every((head) => head === first) ? "yes" : "unknown";
}

/** `[N, 3, "", 28]` → `[N, 3, ?, 28]`: a free first axis without a name is called N. */
export function formatShape(shape: readonly (number | string)[]): string {
  return `[${shape.map((dim, i) => dim === "" ? i === 0 ? "N" : "?" : dim).join(", ")}]`;
}

/** True if the first axis of this output counts rows, so that one row's answer is told without it. */
export function hasRows(output: TensorInfo): boolean {
  return typeof output.shape[0] === "string" || output.shape[0] === 1;
}
