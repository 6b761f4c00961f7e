import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { basename } from "node:path";
import { createUnpackRoot, removeAbandonedRoots } from "../../server/_unpack_root.ts";
import { TempFolder } from "../support/temp_folder.ts";

/** A process number that Linux never gives: its greatest is 4,194,304. */
const NO_PID = 4_194_305;

const isElsewhere = Deno.build.os !== "linux";
const reason = isElsewhere ? " (skipped: owners are known on Linux only)" : "";

Deno.test({
  name: `removeAbandonedRoots() removes the root of a server that is gone, and no other${reason}`,
  ignore: isElsewhere,
  async fn() {
    await using temp = await TempFolder.create();
    const root = await createUnpackRoot();
    await Deno.remove(root, { recursive: true });
    const [, , place, pid, startTicks] = basename(root).split("-");
    const kept = [
      "another-program",
      `marina-models-${place}-${NO_PID}-7-own`,
      `marina-models-${place}-${pid}-${startTicks}-alive`,
      `marina-models-000000000000-${NO_PID}-7-other-boot-or-container`,
      "marina-models-no-owner",
    ].sort();
    const abandoned = [
      `marina-models-${place}-${NO_PID}-7-gone`,
      `marina-models-${place}-${pid}-7-number-used-again`,
    ];
    for (const name of [...kept, ...abandoned]) await temp.write(`${name}/model/weights.onnx`);
    const link = `marina-models-${place}-${NO_PID}-7-link`;
    await Deno.symlink(temp.at("another-program"), temp.at(link));
    await removeAbandonedRoots(temp.at(`marina-models-${place}-${NO_PID}-7-own`));
    deepStrictEqual(await temp.list(), [...kept, link].sort());
    deepStrictEqual(await temp.list("another-program/model"), ["weights.onnx"]);
  },
});

Deno.test("createUnpackRoot() makes a folder of its own that nobody else can read", async () => {
  const root = await createUnpackRoot();
  strictEqual(basename(root).startsWith("marina-models-"), true);
  if (Deno.build.os !== "windows") strictEqual((await Deno.stat(root)).mode! & 0o777, 0o700);
  await Deno.remove(root, { recursive: true });
});
