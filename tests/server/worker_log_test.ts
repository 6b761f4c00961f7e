import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { configureLogging, resetLogging } from "../../server/logging/mod.ts";
import type {
  PoolEvents,
  WorkerDescription,
  WorkerFailureKind,
} from "../../server/scheduling/mod.ts";
import { createWorkerLog } from "../../server/worker_log.ts";

const WORKER: WorkerDescription = {
  id: "9000",
  startedAtMs: 0,
  state: "ready",
  gpuId: null,
  executionProvider: "cpu",
};

/** The lines that the events become, as objects. */
function capture(work: (events: Required<PoolEvents>) => void): Record<string, unknown>[] {
  let written = "";
  configureLogging({ form: "json", write: (text) => written += text });
  try {
    work(createWorkerLog("noop", "1.11") as Required<PoolEvents>);
  } finally {
    resetLogging();
  }
  return written.trimEnd().split("\n").map((line) => JSON.parse(line));
}

Deno.test.each(
  [
    { kind: "load", event: "Backend worker error" },
    { kind: "startup_timeout", event: "Backend worker did not respond in given time" },
    { kind: "died", event: "Worker disconnected" },
    { kind: "disconnected", event: "Worker disconnected" },
  ] as { kind: WorkerFailureKind; event: string }[],
)("createWorkerLog() says of a worker's failure $kind what TorchServe says: $event (§6)", (row) => {
  const [line] = capture((events) => events.onWorkerFailure(WORKER, { message: "why" }, row.kind));
  strictEqual(line!.message, "Worker failed");
  strictEqual(line!.event, row.event);
  strictEqual(line!.reason, "why");
  deepStrictEqual([line!.model, line!.version, line!.worker], ["noop", "1.11", "9000"]);
});

Deno.test("createWorkerLog() counts an answer that did not come in time in TorchServe's words (§6)", () => {
  const lines = capture((events) =>
    events.onWorkerFailure(WORKER, { message: "late" }, "response_timeout")
  );
  strictEqual(lines[0]!.event, "Backend worker did not respond in given time");
  strictEqual(lines[1]!.message, "Number or consecutive unsuccessful inference 1");
});

Deno.test("createWorkerLog() tells a recovery in TorchServe's words, from its start to its end (§6)", () => {
  const messages = capture((events) => {
    events.onWorkerRetry(WORKER, 1_000, { startedAtMs: 1_700_000_000_000.21, failures: 1 });
    events.onWorkerRetry(WORKER, 2_000.678_9, { startedAtMs: 1_700_000_000_000, failures: 2 });
    events.onWorkerRecovered(WORKER, { startedAtMs: 1_700_000_000_000, failures: 2 });
  }).map(({ message }) => message);
  deepStrictEqual(messages, [
    "Auto recovery start timestamp: 1700000000000",
    "Retry worker: 9000 in 1 seconds.",
    "Auto recovery failed again",
    "Retry worker: 9000 in 2.001 seconds.",
    "Auto recovery succeeded, reset recoveryStartTS",
  ]);
});

Deno.test("createWorkerLog() puts the ids of the requests that ran into what their handler prints", () => {
  const [line] = capture((events) =>
    events.onWorkerLog(WORKER, {
      type: "log",
      source: "handler",
      level: "info",
      message: "hello",
      requestIds: ["a", "b"],
    })
  );
  deepStrictEqual([line!.part, line!.requestId, line!.text], ["model", "a,b", "hello"]);
});

Deno.test("createWorkerLog() names the requests of a batch that failed, and leaves out what the handler meant", () => {
  const fail = (
    events: PoolEvents,
    code: "prediction_failed" | "handler_rejected",
    status?: number,
  ) =>
    events.onBatchDone(WORKER, {
      requests: ["a", "b"].map((requestId) => ({
        call: {
          modelName: "noop",
          kind: "predict",
          requestId,
          parts: [],
          headers: [],
          urlPath: "",
          signal: new AbortController().signal,
        },
        rows: 1,
        enqueuedAtMs: 0,
      })),
      closedBy: "full",
      sentAtMs: 0,
      doneAtMs: 1,
      result: {
        type: "result",
        batchId: 0,
        busyMs: 1,
        error: { code, message: "no", handlerStatus: status },
      },
    });
  const lines = capture((events) => {
    fail(events, "handler_rejected", 404);
    fail(events, "prediction_failed");
  });
  strictEqual(lines.length, 1);
  strictEqual(lines[0]!.requestId, "a,b");
  match(String(lines[0]!.message), /^Batch failed$/);
});
