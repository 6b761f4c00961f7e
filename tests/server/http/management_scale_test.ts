import { deepStrictEqual } from "node:assert/strict";
import { ServeError, type ServeErrorCode } from "../../../server/errors.ts";
import type { ModelService } from "../../../server/http/mod.ts";
import type { ScaleRequest } from "../../../server/models/mod.ts";
import { send } from "./_management_call.ts";

/** The parameters that are set. */
function withoutAbsent(value: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined));
}

/** Scales, and keeps what was asked for. */
function createScale(outcome: "accepted" | "complete" | "partial") {
  const asked: ScaleRequest[] = [];
  const scale: ModelService["scale"] = (request) => {
    asked.push(request);
    return Promise.resolve(outcome);
  };
  return { asked, scale };
}

Deno.test.each(
  [
    {
      path: "/models/noop",
      outcome: "accepted",
      status: 202,
      text: "Processing worker updates...",
    },
    {
      path: "/models/noop?min_worker=0",
      outcome: "complete",
      status: 202,
      text: "Processing worker updates...",
    },
    {
      path: "/models/noop?min_worker=3&synchronous=true",
      outcome: "complete",
      status: 200,
      text: "Workers scaled to 3 for model: noop",
    },
    {
      path: "/models/noop/2.0?min_worker=3&max_worker=5&synchronous=true",
      outcome: "complete",
      status: 200,
      text: "Workers scaled to 3 for model: noop, version: 2.0",
    },
    {
      path: "/models/noop?model_version=2.0&synchronous=true",
      outcome: "complete",
      status: 200,
      text: "Workers scaled to 1 for model: noop, version: 2.0",
    },
    {
      path: "/models/noop?synchronous=true",
      outcome: "partial",
      status: 206,
      text: "Workers scaling in progress...",
    },
  ] as const,
)("PUT $path answers $status when the change is $outcome (§1.6, T7, T11)", async (row) => {
  const { scale } = createScale(row.outcome);
  const { status, body } = await send({ scale }, { method: "PUT", path: row.path });
  deepStrictEqual([status, body], [row.status, { status: row.text }]);
});

Deno.test.each([
  { path: "/models/noop", asked: { minWorkers: 1, maxWorkers: 1, isSynchronous: false } },
  {
    path: "/models/noop/1?min_worker=2&model_version=9",
    asked: { modelVersion: "1", minWorkers: 2, maxWorkers: 2, isSynchronous: false },
  },
  {
    path: "/models/noop?min_worker=0&max_worker=4&synchronous=true&number_gpu=-1&timeout=2",
    asked: { minWorkers: 0, maxWorkers: 4, isSynchronous: true },
  },
])("PUT $path asks for $asked (§1.6, T10)", async ({ path, asked: expected }) => {
  const { asked, scale } = createScale("complete");
  await send({ scale }, { method: "PUT", path });
  deepStrictEqual(withoutAbsent(asked[0]!), { modelName: "noop", ...expected });
});

/** The parts of a failed call. */
async function fail(code: ServeErrorCode, message: string): Promise<Record<string, unknown>> {
  const scale = () => Promise.reject(new ServeError(code, message));
  return (await send({ scale }, { method: "PUT", path: "/models/noop" })).body;
}

Deno.test.each<{ code: ServeErrorCode; status: number; type: string }>([
  { code: "invalid_argument", status: 400, type: "BadRequestException" },
  { code: "worker_index_out_of_bounds", status: 500, type: "IndexOutOfBoundsException" },
  { code: "workers_failed_to_start", status: 500, type: "InternalServerException" },
  { code: "workers_out_of_memory", status: 507, type: "InternalServerException" },
  { code: "model_not_found", status: 404, type: "ModelNotFoundException" },
  { code: "model_version_not_found", status: 404, type: "ModelVersionNotFoundException" },
])(
  "PUT /models/{name} answers $status $type when it fails with $code (§1.3, §1.6, T10)",
  async (row) => {
    deepStrictEqual(await fail(row.code, "why"), {
      code: row.status,
      type: row.type,
      message: "why",
    });
  },
);

Deno.test("PUT /models/{name}/{version}/set-default answers TorchServe's sentence (§1.6)", async () => {
  const seen: string[] = [];
  const setDefault = (name: string, version: string): void => void seen.push(name, version);
  const call = { method: "PUT", path: "/models/noop/1.2.1/set-default" };
  const { status, body } = await send({ setDefault }, call);
  deepStrictEqual(seen, ["noop", "1.2.1"]);
  deepStrictEqual([status, body], [200, {
    status: 'Default version successfully updated for model "noop" to "1.2.1"',
  }]);
});
