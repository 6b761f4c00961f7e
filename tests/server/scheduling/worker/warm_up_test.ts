import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import type { WarmupRequest } from "../../../../server/scheduling/mod.ts";
import { warmUp } from "../../../../server/scheduling/worker/warm_up.ts";
import { TempFolder } from "../../../support/temp_folder.ts";
import { createEntry, createWorkerModel } from "../../../support/worker_model.ts";

const RULES = { decodesRequests: true, maxResponseBytes: 1_000 };

const text = (content: string, repeat = 1): WarmupRequest => ({
  contentType: "text/plain",
  body: { kind: "text", text: content },
  repeat,
});

const file = (name: string): WarmupRequest => ({
  contentType: "application/octet-stream",
  body: { kind: "file", file: name },
  repeat: 1,
});

// deno-lint-ignore no-explicit-any
type Handle = (data: any, context: any) => unknown;

function run(requests: readonly WarmupRequest[], handle: Handle, dir = "/nowhere"): Promise<void> {
  return warmUp(requests, createEntry(handle), createWorkerModel(dir), RULES, () => {});
}

Deno.test("warmUp() asks each request as often as it says, alone in its batch and marked by a header", async () => {
  const seen: unknown[] = [];
  await run([text("a", 2), text("b")], (data, context) => {
    seen.push([data, context.getRequestHeader(0, "x-marina-warmup"), context.requestKind]);
    return ["fine"];
  });
  deepStrictEqual(seen, [
    [[{ body: "a" }], "true", "predict"],
    [[{ body: "a" }], "true", "predict"],
    [[{ body: "b" }], "true", "predict"],
  ]);
});

Deno.test("warmUp() sends the bytes of a file of the model folder", async () => {
  await using folder = await TempFolder.create();
  await Deno.writeTextFile(folder.at("row.bin"), "abc");
  let bytes: unknown;
  await run([file("row.bin")], ([{ body }]) => {
    bytes = body;
    return ["fine"];
  }, folder.path);
  deepStrictEqual(bytes, new TextEncoder().encode("abc"));
});

Deno.test.each([
  {
    what: "throws",
    handle: () => {
      throw new TypeError("No such class");
    },
    message: "Warm-up request 2 failed: No such class",
  },
  { what: "returns no list", handle: () => "x", message: /Invalid model predict output/ },
  { what: "answers too much", handle: () => ["x".repeat(1_001)], message: /max_response_size/ },
])("warmUp() fails when the handler $what", async ({ handle, message }) => {
  let calls = 0;
  const entry: Handle = () => ++calls === 1 ? ["fine"] : handle();
  await rejects(run([text("a"), text("b")], entry), { name: "WarmupError", message });
});

Deno.test("warmUp() fails when a request is answered with a status of 400 or more", async () => {
  const handle: Handle = (_data, context) => {
    context.setResponseStatus(422, "", 0);
    return ["wrong shape"];
  };
  await rejects(run([text("a")], handle), {
    message: "Warm-up request 1 failed: it was answered with 422, wrong shape",
  });
});

Deno.test("warmUp() fails for a file that the archive does not have, or that leads out of it", async () => {
  await using folder = await TempFolder.create();
  await Deno.mkdir(folder.at("model"));
  await Deno.writeTextFile(folder.at("secret"), "s");
  await Deno.symlink(folder.at("secret"), folder.at("model/link"));
  let calls = 0;
  const handle: Handle = () => [String(++calls)];
  await rejects(run([file("none.bin")], handle, folder.at("model")), {
    message: 'Warm-up request 1 failed: the archive has no file "none.bin"',
  });
  await rejects(run([file("link")], handle, folder.at("model")), {
    message: 'Warm-up request 1 failed: Cannot read "link": it leads out of the archive',
  });
  strictEqual(calls, 0);
});
