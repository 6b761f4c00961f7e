/** Requests to a model's inputs, rows of several requests in one run, and outputs to answers. */

export { describeModel, hasRows } from "./input_spec.ts";
export type { InputSpec, Joinability, ModelSpec, RowAxis } from "./input_spec.ts";
export { proveRows } from "./prove_rows.ts";
export { toNestedOutput } from "./nested_output.ts";
export type { NestedOutput } from "./nested_output.ts";
export { parseRequestInput } from "./request_input.ts";
export type { RequestInput } from "./request_input.ts";
export { runRequests } from "./run_requests.ts";
export type { RequestOutput, RunRequestsOptions } from "./run_requests.ts";
