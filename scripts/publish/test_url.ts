/**
 * Runs the end-to-end tests against the published form: `deno task test:url [paths]`.
 *
 * Every test starts `deno run -A http://…/main.ts` in place of the checkout, with the flags that make it one
 * process: tests look at its number. `tests/e2e/remote_url_test.ts` starts it without.
 */
import { UNSTABLE_FLAGS } from "../../server/own_flags.ts";
import { openPublishedProgram } from "./published_program.ts";

await using program = await openPublishedProgram();
const command = ["env", `DENO_DIR=${program.denoDir}`, Deno.execPath(), "run", "-A", "--quiet"];
// The repository's lock file is not for what a web server gives.
command.push("--no-lock");
const paths = Deno.args.filter((arg) => arg !== "--");
const { code } = await new Deno.Command(Deno.execPath(), {
  args: ["test", "-A", ...(paths.length === 0 ? ["tests/e2e"] : paths)],
  env: {
    MARINA_CMD: [...command, "--no-prompt", ...UNSTABLE_FLAGS, `${program.url}/main.ts`].join(" "),
  },
}).spawn().status;
Deno.exitCode = code;
