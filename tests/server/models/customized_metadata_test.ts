import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { ServeError, type ServeErrorCode } from "../../../server/errors.ts";
import { askForMetadata } from "../../../server/models/customized_metadata.ts";
import type { Answer, PredictCall } from "../../../server/models/mod.ts";
import { ManualClock } from "../../support/manual_clock.ts";

const TIMEOUT_MS = 1_000;

function ask(predict: (call: PredictCall) => Promise<Answer>, clock = new ManualClock()) {
  const names = { modelName: "net", modelVersion: "1.0" };
  return askForMetadata({ ...names, timeoutMs: TIMEOUT_MS, clock, predict });
}

function toAnswer(text: string): Answer {
  return { status: 200, statusText: "", headers: [], body: new TextEncoder().encode(text) };
}

Deno.test.each([
  { text: '{"labels": 10}', metadata: { labels: 10 } },
  { text: "[1]", metadata: {} },
  { text: "null", metadata: {} },
  { text: '"text"', metadata: {} },
  { text: "no JSON", metadata: {} },
  { text: "", metadata: {} },
])("askForMetadata() makes $metadata of the answer $text (§1.6 customized=true)", async (row) => {
  const calls: PredictCall[] = [];
  const clock = new ManualClock();
  const metadata = await ask((call) => {
    calls.push(call);
    return Promise.resolve(toAnswer(row.text));
  }, clock);
  deepStrictEqual(metadata, row.metadata);
  deepStrictEqual([calls[0]!.kind, calls[0]!.headers], ["describe", ["describe", "True"]]);
  deepStrictEqual(clock.pendingDelaysMs, []);
});

Deno.test.each<{ code: ServeErrorCode; becomes: ServeErrorCode; message: string }>([
  {
    code: "model_busy",
    becomes: "model_busy",
    message:
      'Model "net" has no worker to serve describe request. Please use scale workers API to add workers.',
  },
  {
    code: "worker_died",
    becomes: "description_failed",
    message: "Failed to get customized model matadata.",
  },
  { code: "server_stopping", becomes: "server_stopping", message: "inner" },
])("askForMetadata() fails with $becomes when the call fails with $code (§1.6)", async (row) => {
  const refused = ask(() => Promise.reject(new ServeError(row.code, "inner")));
  await rejects(refused, { code: row.becomes, message: row.message });
});

Deno.test("askForMetadata() gives a silent handler up after its time, and its call with it (§1.6)", async () => {
  const clock = new ManualClock();
  let call: PredictCall | undefined;
  const refused = rejects(
    ask((given) => {
      call = given;
      return new Promise(() => {});
    }, clock),
    { code: "description_failed" },
  );
  await clock.advance(TIMEOUT_MS - 1);
  strictEqual(call!.signal.aborted, false);
  await clock.advance(1);
  await refused;
  strictEqual(call!.signal.aborted, true);
});
