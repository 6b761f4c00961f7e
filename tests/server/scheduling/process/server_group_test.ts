import { deepStrictEqual, throws } from "node:assert/strict";
import { moveToServerGroup } from "../../../../server/scheduling/process/_server_group.ts";
import { TempFolder } from "../../../support/temp_folder.ts";

/** Above all that Linux gives out. */
const UNRELATED_PID = 2 ** 22 + 1;

Deno.test.each([
  { who: "a process of nobody's family", pids: [Deno.pid, UNRELATED_PID] },
  { who: "a process of another process namespace, told as 0,", pids: [0, Deno.pid] },
])("moveToServerGroup() moves nothing where $who is in the group", async ({ pids }) => {
  await using folder = await TempFolder.create();
  await folder.write("cgroup.procs", `${pids.join("\n")}\n`);
  throws(() => moveToServerGroup(folder.path), {
    message: "the server must be alone in its control group, found 1 other processes",
  });
  deepStrictEqual([...Deno.readDirSync(folder.path)].map(({ name }) => name), ["cgroup.procs"]);
});
