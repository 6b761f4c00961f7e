import { PredictionException } from "../prediction_exception.ts";
import type { ModelSession, Tensor } from "../tensor.ts";
import type { ModelSpec } from "./input_spec.ts";
import type { RequestInput } from "./request_input.ts";
import { concatRows, haveSameRowShape, sliceRows } from "./tensor_data.ts";

/** What the model made of one request. */
export interface RequestOutput {
  /** A tensor for each output of the model, by name. */
  readonly outputs: Readonly<Record<string, Tensor>>;
  readonly isSingleRow: boolean;
}

export interface RunRequestsOptions {
  /** Rows that one run may hold, at least 1; a request that has more by itself runs whole. */
  readonly maxRows: number;
  /** Whether rows of several requests may share a run. */
  readonly canJoin: boolean;
  /** Told of each request that failed alone while others of its run went well. */
  readonly onFailure: (index: number, error: unknown) => void;
}

/**
 * Runs the model on the requests of a batch and gives each request its own rows back, in its own place.
 *
 * Requests whose rows have the same shape share runs, in their order. Where a shared run fails, its requests run
 * alone, so that one request's input cannot fail another's. A model that takes one row a run gets the rows of
 * a request one after the other.
 *
 * Output tensors of one run share their memory; inputs are not modified.
 *
 * @param requests `null` for requests that have been refused already; so are their outputs.
 * @throws The model's own error, if every request fails and none by its own fault.
 */
export async function runRequests(
  session: ModelSession,
  spec: ModelSpec,
  requests: readonly (RequestInput | null)[],
  options: RunRequestsOptions,
): Promise<(RequestOutput | null)[]> {
  const outputs = new Array<RequestOutput | null>(requests.length).fill(null);
  const failures: Failure[] = [];
  let wentWell = 0;
  for (const run of planRuns(spec, requests, options)) {
    const joined = run.length > 1 ? await runJoined(session, spec, requests, run, outputs) : false;
    const failed = joined ? [] : await runEachAlone(session, spec, requests, run, outputs);
    wentWell += run.length - failed.length;
    failures.push(...failed);
  }
  const isModelsFault = failures.length > 0 && wentWell === 0 &&
    !failures.some(({ error }) => error instanceof PredictionException);
  if (isModelsFault) throw failures[0]!.error;
  for (const { index, error } of failures) options.onFailure(index, error);
  return outputs;
}

interface Failure {
  readonly index: number;
  readonly error: unknown;
}

/** Which requests share a run: indices in order, grouped by row shape, cut at `maxRows`. */
function planRuns(
  spec: ModelSpec,
  requests: readonly (RequestInput | null)[],
  { maxRows, canJoin }: RunRequestsOptions,
): number[][] {
  const runs: number[][] = [];
  const open: { readonly head: RequestInput; run: number[]; rows: number }[] = [];
  for (let index = 0; index < requests.length; index++) {
    const request = requests[index];
    if (!request) continue;
    const group = canJoin ? open.find(({ head }) => haveSameFeeds(spec, head, request)) : undefined;
    const rows = canJoin ? countRows(spec, request) : 1;
    if (group !== undefined && group.rows + rows <= maxRows) {
      group.run.push(index);
      group.rows += rows;
      continue;
    }
    const run = [index];
    runs.push(run);
    if (group !== undefined) Object.assign(group, { run, rows });
    else if (canJoin) open.push({ head: request, run, rows });
  }
  return runs;
}

function haveSameFeeds(spec: ModelSpec, a: RequestInput, b: RequestInput): boolean {
  return spec.inputs.every(({ name }) => {
    const x = a.feeds[name], y = b.feeds[name];
    return x !== undefined && y !== undefined && haveSameRowShape(x, y);
  });
}

function countRows(spec: ModelSpec, request: RequestInput): number {
  const counted = spec.inputs.find(({ rowAxis }) => rowAxis !== "none");
  return counted === undefined ? 1 : request.feeds[counted.name]?.shape[0] ?? 1;
}

/** False if the run failed, or an output's first axis turns out not to count the rows that went in. */
async function runJoined(
  session: ModelSession,
  spec: ModelSpec,
  requests: readonly (RequestInput | null)[],
  run: readonly number[],
  outputs: (RequestOutput | null)[],
): Promise<boolean> {
  const feeds: Record<string, Tensor> = {};
  for (const { name } of spec.inputs) {
    feeds[name] = concatRows(run.map((index) => requests[index]!.feeds[name]!));
  }
  let all: [string, Tensor][];
  try {
    all = Object.entries(await session.run(feeds));
  } catch {
    return false;
  }
  const total = feeds[spec.inputs[0]!.name]!.shape[0];
  if (all.some(([, tensor]) => tensor.shape[0] !== total)) return false;
  let start = 0;
  for (const index of run) {
    const request = requests[index]!;
    const end = start + countRows(spec, request);
    const own: Record<string, Tensor> = {};
    for (const [name, tensor] of all) own[name] = sliceRows(tensor, start, end);
    outputs[index] = { outputs: own, isSingleRow: request.isSingleRow };
    start = end;
  }
  return true;
}

async function runEachAlone(
  session: ModelSession,
  spec: ModelSpec,
  requests: readonly (RequestInput | null)[],
  run: readonly number[],
  outputs: (RequestOutput | null)[],
): Promise<Failure[]> {
  const failures: Failure[] = [];
  for (const index of run) {
    const request = requests[index]!;
    try {
      const own = await runOne(session, spec, request);
      outputs[index] = { outputs: own, isSingleRow: request.isSingleRow };
    } catch (error) {
      failures.push({ index, error });
    }
  }
  return failures;
}

async function runOne(
  session: ModelSession,
  spec: ModelSpec,
  request: RequestInput,
): Promise<Record<string, Tensor>> {
  const rows = countRows(spec, request);
  const takesOneRow = spec.inputs.some(({ rowAxis }) => rowAxis === "one");
  if (!takesOneRow || request.isSingleRow) return await session.run(request.feeds);
  const answers: Record<string, Tensor>[] = [];
  for (let row = 0; row < rows; row++) {
    const feeds: Record<string, Tensor> = {};
    for (const { name, rowAxis } of spec.inputs) {
      const tensor = request.feeds[name]!;
      feeds[name] = rowAxis === "none" ? tensor : sliceRows(tensor, row, row + 1);
    }
    answers.push(await session.run(feeds));
  }
  return stackRows(answers);
}

/** Outputs that start with an axis of 1 lose it to the axis of rows, others get that axis in front. */
function stackRows(answers: readonly Record<string, Tensor>[]): Record<string, Tensor> {
  const stacked: Record<string, Tensor> = {};
  for (const name of Object.keys(answers[0]!)) {
    const tensors = answers.map((answer) => {
      const tensor = answer[name]!;
      return tensor.shape[0] === 1 ? tensor : { ...tensor, shape: [1, ...tensor.shape] };
    });
    if (!tensors.every((tensor) => haveSameRowShape(tensors[0]!, tensor))) {
      throw new PredictionException(
        `Cannot answer ${answers.length} rows in one request: output ${JSON.stringify(name)} ` +
          "differs in shape from row to row, send one row a request",
        400,
      );
    }
    stacked[name] = concatRows(tensors);
  }
  return stacked;
}
