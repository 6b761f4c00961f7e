import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { ServeError, type ServeErrorCode } from "../../../server/errors.ts";
import { WIRE_FORM_BY_CODE } from "../../../server/http/_wire_forms.ts";
import { createFakeInferenceApp } from "./_fake_models.ts";

/** From TorchServe's documented answers, written down a second time on purpose. */
const EXPECTED: Readonly<Record<Exclude<ServeErrorCode, "request_too_large">, string>> = {
  answer_too_large: "500 InternalServerException",
  archive_invalid: "400 InvalidModelException",
  archive_not_found: "404 ModelNotFoundException",
  batch_out_of_memory: "507 InternalServerException",
  description_failed: "500 InternalServerException",
  download_failed: "400 DownloadArchiveException",
  handler_rejected: "500 InternalServerException",
  host_not_allowed: "403 ForbiddenException",
  invalid_argument: "400 BadRequestException",
  method_not_allowed: "405 MethodNotAllowedException",
  model_already_registered: "409 ConflictStatusException",
  model_busy: "503 ServiceUnavailableException",
  model_failed: "503 ServiceUnavailableException",
  model_file_exists: "500 InternalServerException",
  model_not_found: "404 ModelNotFoundException",
  model_replaced: "409 ConflictStatusException",
  model_version_is_default: "403 InvalidModelVersionException",
  model_version_not_found: "404 ModelVersionNotFoundException",
  origin_not_allowed: "403 ForbiddenException",
  prediction_failed: "503 InternalServerException",
  request_cancelled: "499 InternalServerException",
  request_timed_out: "503 ServiceUnavailableException",
  resource_not_found: "404 ResourceNotFoundException",
  server_stopping: "503 ServiceUnavailableException",
  token_not_accepted: "400 InvalidKeyException",
  unregister_timed_out: "408 RequestTimeoutException",
  worker_died: "500 InternalServerException",
  worker_index_out_of_bounds: "500 IndexOutOfBoundsException",
  workers_failed_to_start: "500 InternalServerException",
  workers_out_of_memory: "507 InternalServerException",
  workflow_not_found: "404 WorkflowNotFoundException",
};

async function answerWith(error: ServeError): Promise<Response> {
  const app = createFakeInferenceApp({ predict: () => Promise.reject(error) });
  return await app(new Request("http://127.0.0.1:8080/predictions/m", { method: "POST" }));
}

Deno.test.each(Object.entries(EXPECTED).map(([code, expected]) => ({ code, expected })))(
  "toErrorResponse() answers $expected for $code, and ends the connection",
  async ({ code, expected }) => {
    const response = await answerWith(new ServeError(code as ServeErrorCode, `The "${code}" text`));
    const text = await response.text();
    const body = JSON.parse(text);
    strictEqual(`${response.status} ${body.type}`, expected);
    strictEqual(text, `${JSON.stringify(body, null, 2)}\n`);
    deepStrictEqual(body, {
      code: response.status,
      type: body.type,
      message: `The "${code}" text`,
    });
    strictEqual(response.headers.get("content-type"), "application/json");
    strictEqual(response.headers.get("connection"), "close");
    const isPassing = code === "model_busy" || code === "request_timed_out";
    strictEqual(response.headers.get("retry-after"), isPassing ? "1" : null);
  },
);

Deno.test("WIRE_FORM_BY_CODE has no code that this test leaves out", () => {
  deepStrictEqual(
    Object.keys(WIRE_FORM_BY_CODE).sort(),
    [...Object.keys(EXPECTED), "request_too_large"].sort(),
  );
});

Deno.test.each([
  { retryAfterMs: 0, header: "1" },
  { retryAfterMs: 3_000, header: "3" },
  { retryAfterMs: 3_001, header: "4" },
  { retryAfterMs: undefined, header: null },
])(
  "toErrorResponse() sends retry-after $header when a model has failed that is started again in $retryAfterMs ms",
  async ({ retryAfterMs, header }) => {
    const response = await answerWith(
      new ServeError("model_failed", "It failed", { retryAfterMs }),
    );
    strictEqual(response.headers.get("retry-after"), header);
    await response.body?.cancel();
  },
);

Deno.test("toErrorResponse() answers a bare 413 for request_too_large", async () => {
  const response = await answerWith(new ServeError("request_too_large", "Too much"));
  deepStrictEqual([response.status, await response.text()], [413, ""]);
});

Deno.test.each([
  { asked: 404, sent: 404 },
  { asked: 599, sent: 599 },
  { asked: 413, sent: 507 },
  { asked: 100, sent: 500 },
])(
  "toErrorResponse() answers $sent when a handler rejects with $asked",
  async ({ asked, sent }) => {
    const error = new ServeError("handler_rejected", "No such digit", { handlerStatus: asked });
    const response = await answerWith(error);
    strictEqual(response.status, sent);
    deepStrictEqual(await response.json(), {
      code: sent,
      type: "InternalServerException",
      message: "No such digit",
    });
  },
);

Deno.test("toErrorResponse() sends no body with a handler's 204", async () => {
  const response = await answerWith(new ServeError("handler_rejected", "", { handlerStatus: 204 }));
  deepStrictEqual([response.status, await response.text()], [204, ""]);
});
