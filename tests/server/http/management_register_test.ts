import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { ServeError, type ServeErrorCode } from "../../../server/errors.ts";
import type { ModelService } from "../../../server/http/mod.ts";
import type { RegisterRequest } from "../../../server/models/mod.ts";
import { send } from "./_management_call.ts";

/** Registers, and keeps what was asked for. */
function createRegister(workers: number, isComplete: boolean) {
  const asked: RegisterRequest[] = [];
  const register: ModelService["register"] = (request) => {
    asked.push(request);
    return Promise.resolve({ modelName: "noop", modelVersion: "1.11", workers, isComplete });
  };
  return { asked, register };
}

/** The parameters that are set. */
function withoutAbsent(value: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined));
}

Deno.test.each([
  {
    workers: 0,
    isComplete: true,
    status: 200,
    text:
      'Model "noop" Version: 1.11 registered with 0 initial workers. Use scale workers API to add workers for the model.',
  },
  {
    workers: 1,
    isComplete: true,
    status: 200,
    text: 'Model "noop" Version: 1.11 registered with 1 initial workers',
  },
  { workers: 1, isComplete: false, status: 202, text: "Processing worker updates..." },
])(
  "POST /models answers $status for $workers workers, complete: $isComplete (§1.6)",
  async (row) => {
    const { register } = createRegister(row.workers, row.isComplete);
    const call = { method: "POST", path: "/models?url=noop.mar" };
    const { status, body } = await send({ register }, call);
    deepStrictEqual([status, body], [row.status, { status: row.text }]);
  },
);

const ALL_PARAMETERS = {
  url: "noop.mar",
  model_name: "n",
  handler: "h.ts",
  runtime: "deno",
  batch_size: 4,
  max_batch_delay: 0,
  initial_workers: 2,
  response_timeout: 3,
  startup_timeout: 5,
  s3_sse_kms: true,
  synchronous: false,
};
const ALL_ASKED = {
  url: "noop.mar",
  modelName: "n",
  handler: "h.ts",
  runtime: "deno",
  batchSize: 4,
  maxBatchDelayMs: 0,
  initialWorkers: 2,
  responseTimeoutMs: 3000,
  startupTimeoutMs: 5000,
  signsForS3: true,
  isSynchronous: false,
};

Deno.test("POST /models reads every parameter from the query (§1.6)", async () => {
  const { asked, register } = createRegister(0, true);
  const query = Object.entries(ALL_PARAMETERS).map(([name, value]) => `${name}=${value}`).join("&");
  await send({ register }, { method: "POST", path: `/models?${query}` });
  deepStrictEqual(asked, [ALL_ASKED]);
});

Deno.test.each([
  { form: "as they are", parameters: ALL_PARAMETERS },
  {
    form: "as texts",
    parameters: Object.fromEntries(
      Object.entries(ALL_PARAMETERS).map(([name, value]) => [name, String(value)]),
    ),
  },
])(
  "POST /models reads numbers and booleans of a JSON body $form, and no query then (T38)",
  async (row) => {
    const { asked, register } = createRegister(0, true);
    await send({ register }, {
      method: "POST",
      path: "/models?url=other.mar",
      body: JSON.stringify(row.parameters),
      contentType: "application/json; charset=utf-8",
    });
    deepStrictEqual(asked, [ALL_ASKED]);
  },
);

Deno.test.each([
  { query: "", asked: {} },
  { query: "&synchronous=TRUE", asked: {} },
  { query: "&synchronous=nan", asked: { isSynchronous: false } },
  { query: "&batch_size=dd&batch_size=2", asked: {} },
  { query: "&batch_size=0", asked: {} },
  { query: "&batch_size=-1&max_batch_delay=-1&response_timeout=-1", asked: {} },
  { query: "&initial_workers=-3", asked: { initialWorkers: 0 } },
  { query: "&startup_timeout=0", asked: { startupTimeoutMs: 0 } },
  { query: "&batch_size=99999999999", asked: {} },
  { query: "&model_name=a+b%2Fc", asked: { modelName: "a b/c" } },
])(
  "POST /models?url=x$query asks for $asked beside the defaults (§1.6, T6, T9, T10)",
  async (row) => {
    const { asked, register } = createRegister(0, true);
    await send({ register }, { method: "POST", path: `/models?url=x${row.query}` });
    deepStrictEqual(withoutAbsent(asked[0]!), {
      url: "x",
      signsForS3: false,
      isSynchronous: true,
      ...row.asked,
    });
  },
);

Deno.test.each([
  {
    path: "/models",
    status: 400,
    type: "BadRequestException",
    message: "Parameter url is required.",
  },
  { path: "/models?url=", status: 404, type: "ModelNotFoundException", message: "empty url" },
  {
    path: "/models?url=x&runtime=java",
    status: 400,
    type: "BadRequestException",
    message: "Invalid RuntimeType value: java",
  },
])("POST $path answers $status '$message' (§1.6, T14)", async ({ path, status, type, message }) => {
  const answer = await send({}, { method: "POST", path });
  deepStrictEqual([answer.status, answer.body], [status, { code: status, type, message }]);
});

Deno.test.each(["{", "[]", "null", '"x"', ""])(
  "POST /models answers 400 for the JSON body '%s', where upstream answers 500 (§1.6, T38)",
  async (body) => {
    const call = { method: "POST", path: "/models?url=x", body, contentType: "application/json" };
    const answer = await send({}, call);
    strictEqual(answer.status, 400);
    match(String(answer.body.message), /^Cannot read the request's body: it must be a JSON object/);
  },
);

Deno.test("POST /models answers 413 for a body above the limit", async () => {
  const body = `{"url": "${"x".repeat(100)}"}`;
  const call = { method: "POST", path: "/models", body, contentType: "application/json" };
  const answer = await send({}, call, { maxBodyBytes: 50 });
  deepStrictEqual([answer.status, answer.text], [413, ""]);
});

Deno.test.each([
  `{'url': 'x', 'initial_workers': '2', "synchronous": "false"}`,
  `{url: "x", initial_workers: 2, synchronous: false,}`,
])("POST /models reads the lenient JSON body %s (§1.6, T38)", async (body) => {
  const { asked, register } = createRegister(0, true);
  const call = { method: "POST", path: "/models", body, contentType: "application/json" };
  strictEqual((await send({ register }, call)).status, 200);
  const { url, initialWorkers, isSynchronous, maxBatchDelayMs } = asked[0]!;
  deepStrictEqual([url, initialWorkers, isSynchronous, maxBatchDelayMs], [
    "x",
    2,
    false,
    undefined,
  ]);
});

Deno.test("POST /models ignores a form body (§1.6)", async () => {
  const contentType = "application/x-www-form-urlencoded";
  const { body } = await send({}, { method: "POST", path: "/models", body: "url=x", contentType });
  strictEqual(body.message, "Parameter url is required.");
});

Deno.test.each<{ code: ServeErrorCode; status: number; type: string }>([
  { code: "archive_not_found", status: 404, type: "ModelNotFoundException" },
  { code: "archive_invalid", status: 400, type: "InvalidModelException" },
  { code: "download_failed", status: 400, type: "DownloadArchiveException" },
  { code: "model_file_exists", status: 500, type: "InternalServerException" },
  { code: "model_already_registered", status: 409, type: "ConflictStatusException" },
  { code: "workers_failed_to_start", status: 500, type: "InternalServerException" },
  { code: "workers_out_of_memory", status: 507, type: "InternalServerException" },
])(
  "POST /models answers $status $type when it fails with $code (§1.3, §1.6, T13, T14)",
  async (row) => {
    const register = () => Promise.reject(new ServeError(row.code, "why"));
    const { body } = await send({ register }, { method: "POST", path: "/models?url=x" });
    deepStrictEqual(body, { code: row.status, type: row.type, message: "why" });
  },
);

Deno.test.each([
  { path: "/models/noop?replace=true&url=new.mar", replacedVersion: undefined },
  { path: "/models/noop/1.0?replace=TRUE&url=new.mar", replacedVersion: "1.0" },
  { path: "/models/noop?replace=true&url=new.mar&model_version=1.0", replacedVersion: "1.0" },
])("PUT $path puts the archive in the place of version $replacedVersion", async (row) => {
  const asked: RegisterRequest[] = [];
  const register: ModelService["register"] = (request) => {
    asked.push(request);
    return Promise.resolve({
      modelName: "noop",
      modelVersion: "2.0",
      workers: 3,
      isComplete: true,
      replacedVersion: "1.0",
    });
  };
  const { status, body } = await send({ register }, { method: "PUT", path: row.path });
  deepStrictEqual([status, body], [200, {
    status: 'Model "noop" Version: 1.0 replaced by version 2.0',
  }]);
  deepStrictEqual(withoutAbsent(asked[0]!), {
    url: "new.mar",
    modelName: "noop",
    signsForS3: false,
    isSynchronous: true,
    replaces: true,
    ...withoutAbsent({ replacedVersion: row.replacedVersion }),
  });
});

Deno.test("PUT /models/{name}?replace=true answers 400 without a url, and 405 while the model API is off", async () => {
  const call = { method: "PUT", path: "/models/noop?replace=true" };
  strictEqual((await send({}, call)).body.message, "Parameter url is required.");
  strictEqual((await send({}, call, { isModelApiEnabled: false })).status, 405);
});
