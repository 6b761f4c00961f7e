/** The API page as its reader has it before them: in a browser, with the mouse and the keyboard. */
import { deepStrictEqual, match, ok } from "node:assert/strict";
import { Browser, hasBrowser, type Page } from "../support/browser.ts";
import { ECHO_HANDLER } from "../support/echo_handler.ts";
import { startMarina } from "../support/marina_process.ts";
import { createModelStore } from "../support/model_store.ts";
import { TempFolder } from "../support/temp_folder.ts";

const reason = hasBrowser ? "" : " (skipped: chromium is not installed)";

/** The page's block of one operation, and what lies in it. */
function inBlock(tag: string, operationId: string, selector = ""): string {
  return `document.querySelector("#operations-${tag}-${operationId} ${selector}")`;
}

/** Opens an operation and presses its button; `fill` does what is to be done between. Answers what is shown. */
async function tryOut(
  page: Page,
  tag: string,
  operationId: string,
  fill: () => Promise<void> = () => Promise.resolve(),
): Promise<string> {
  await page.click(inBlock(tag, operationId, ".opblock-summary-control"));
  await page.waitFor(inBlock(tag, operationId, "button.execute"));
  await fill();
  return await execute(page, tag, operationId);
}

/** Presses the button of an operation that is open, and answers the response that is shown then. */
async function execute(page: Page, tag: string, operationId: string): Promise<string> {
  const shown = inBlock(tag, operationId, ".live-responses-table");
  await page.click(inBlock(tag, operationId, "button.execute"));
  await page.waitFor(shown);
  return await page.evaluate(`${shown}.innerText`) as string;
}

/** The texts of all elements of a kind, in their order. */
async function readTexts(page: Page, selector: string): Promise<string[]> {
  return await page.evaluate(
    `[...document.querySelectorAll("${selector}")].map((found) => found.textContent)`,
  ) as string[];
}

async function openDocs(browser: Browser, url: string): Promise<Page> {
  const page = await browser.open(url);
  await page.waitFor(`document.querySelector(".opblock")`);
  return page;
}

/** Nothing was asked of another host, and the browser found nothing to hold against the page. */
function assertKeptToItself(page: Page, url: string): void {
  ok(page.requests.length >= 5);
  const elsewhere = page.requests.filter((line) => !line.split(" ")[1]!.startsWith(`${url}/`));
  deepStrictEqual([elsewhere, page.complaints], [[], []]);
}

interface Described {
  readonly summary: string;
  readonly tags: readonly string[];
}

async function listSummaries(url: string): Promise<string[]> {
  const { paths } = await (await fetch(`${url}/openapi.json`)).json();
  return Object.values<Record<string, Described>>(paths).flatMap((item) =>
    Object.values(item).map(({ summary }) => summary)
  );
}

Deno.test({
  name: `the page /docs shows what its port describes and tries it out, offline (§1.11)${reason}`,
  ignore: !hasBrowser,
  async fn(t) {
    await using store = await createModelStore({ echo: { handler: ECHO_HANDLER } });
    await using marina = await startMarina({
      args: ["--model-store", store.dir, "--models", "echo.mar", "--enable-model-api"],
      config: { default_workers_per_model: 1 },
    });
    await using browser = await Browser.start();

    const urlByPort = { inference: marina.inferenceUrl, management: marina.managementUrl };
    for (const [port, url] of Object.entries(urlByPort)) {
      for (const path of ["/docs", "/docs/"]) {
        await t.step(`${path} has the summary of each operation of the ${port} port`, async () => {
          const page = await openDocs(browser, url + path);
          const shown = await readTexts(page, ".opblock-summary-description");
          deepStrictEqual(shown.sort(), (await listSummaries(url)).sort());
          assertKeptToItself(page, url);
        });
      }
    }

    await t.step("a prediction is filled in, executed, and its answer shown", async () => {
      const page = await openDocs(browser, `${marina.inferenceUrl}/docs`);
      const answer = await tryOut(page, "Predictions", "predictions", async () => {
        await page.type(inBlock("Predictions", "predictions", "input[type=text]"), "echo");
        await page.type(inBlock("Predictions", "predictions", "textarea"), '{"data": "pier 9"}');
      });
      match(answer, /^200\b/m);
      match(answer, /pier 9/);
      match(answer, /x-model-version: 1\.0/);
      ok(page.requests.includes(`POST ${marina.inferenceUrl}/predictions/echo`));
      assertKeptToItself(page, marina.inferenceUrl);
    });

    await t.step("a model is scaled and then described", async () => {
      const page = await openDocs(browser, `${marina.managementUrl}/docs`);
      const scaled = await tryOut(page, "Models", "setAutoScale", async () => {
        const field = (name: string) =>
          inBlock("Models", "setAutoScale", `tr[data-param-name=${name}] input`);
        await page.type(field("model_name"), "echo");
        await page.type(field("min_worker"), "2");
      });
      match(scaled, /"Processing worker updates\.\.\."/);
      const described = await tryOut(page, "Models", "describeModel", async () => {
        await page.type(inBlock("Models", "describeModel", "input[type=text]"), "echo");
      });
      match(described, /"minWorkers": 2/);
      assertKeptToItself(page, marina.managementUrl);
    });
  },
});

Deno.test({
  name: `the page /docs asks for the token that its operations need (§1.9, T1)${reason}`,
  ignore: !hasBrowser,
  async fn() {
    await using store = await createModelStore({});
    await using folder = await TempFolder.create();
    await using marina = await startMarina({
      args: ["--model-store", store.dir, "--ncs"],
      config: { disable_token_authorization: false },
      cwd: folder.path,
    });
    const keys = JSON.parse(await Deno.readTextFile(folder.at("key_file.json")));
    await using browser = await Browser.start();
    const page = await openDocs(browser, `${marina.inferenceUrl}/docs`);

    match(await tryOut(page, "Health", "ping"), /"InvalidKeyException"/);

    await page.click(`document.querySelector(".auth-wrapper .authorize")`);
    await page.type(`document.querySelector(".dialog-ux input")`, keys.inference.key);
    await page.click(`document.querySelector(".dialog-ux .auth.authorize")`);
    await page.click(`document.querySelector(".dialog-ux .btn-done")`);
    await page.waitFor(`document.querySelector(".dialog-ux") === null`);
    await page.click(inBlock("Health", "ping", "button.btn-clear"));
    await page.waitFor(`${inBlock("Health", "ping", ".live-responses-table")} === null`);
    match(await execute(page, "Health", "ping"), /"Healthy"/);
  },
});
