import { toJsonResponse } from "./_responses.ts";

/** What upstream's error form has. */
interface ErrorBody {
  readonly code: number;
  readonly type: string;
  readonly message?: string;
}

/**
 * The same failure with its text under `error`, too: KServe's and Triton's clients read it there and
 * nowhere else, TorchServe's read `message`.
 */
export async function withErrorText(response: Response): Promise<Response> {
  if (response.headers.get("content-type") !== "application/json") return response;
  const { code, type, message = "" } = await response.json() as ErrorBody;
  const requestId = response.headers.get("x-request-id") ?? undefined;
  const told = toJsonResponse({ code, type, message, error: message }, response.status, requestId);
  const retryAfter = response.headers.get("retry-after");
  if (retryAfter !== null) told.headers.set("retry-after", retryAfter);
  return told;
}
