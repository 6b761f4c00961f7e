/**
 * A headless Chromium over its own DevTools protocol, for the tests that ask what a person at the page sees.
 *
 * https://chromedevtools.github.io/devtools-protocol/ has the protocol's words.
 */
import { DevTools } from "./_dev_tools.ts";

/** Where distributions put it. */
const NAMES = ["chromium", "chromium-browser", "google-chrome"];
const DEVTOOLS_LINE_REGEXP = /^DevTools listening on (ws:\/\/\S+)$/m;
/** How long a page may take to show what a test waits for. */
const PAGE_DEADLINE_MS = 30_000;

const program = await findProgram();

/** False where no Chromium is installed; a test that needs it is skipped, and says so in its name. */
export const hasBrowser = program !== undefined;

/** In CSS pixels, one of them a pixel of a screenshot. */
export interface PageSize {
  readonly width: number;
  readonly height: number;
}

/** A browser of the test's own: a profile that goes with it, no host but this machine. */
export class Browser implements AsyncDisposable {
  readonly #devTools: DevTools;
  readonly #child: Deno.ChildProcess;
  /** Its end is the end of the browser's last process: each of them has it open. */
  readonly #stderrEnd: Promise<unknown>;
  readonly #profileDir: string;

  private constructor(
    devTools: DevTools,
    child: Deno.ChildProcess,
    stderrEnd: Promise<unknown>,
    profileDir: string,
  ) {
    this.#devTools = devTools;
    this.#child = child;
    this.#stderrEnd = stderrEnd;
    this.#profileDir = profileDir;
  }

  static async start(): Promise<Browser> {
    const profileDir = await Deno.makeTempDir({ prefix: "marina-browser-" });
    const child = new Deno.Command(program!, {
      args: [
        "--headless=new",
        // Chromium's own sandbox does not start as root, which tests in containers run as.
        "--no-sandbox",
        "--remote-debugging-port=0",
        `--user-data-dir=${profileDir}`,
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
        "--disable-background-networking",
        "--disable-breakpad",
        "--disable-dev-shm-usage",
        "--disable-extensions",
        "--disable-gpu",
        "--no-first-run",
        "about:blank",
      ],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const [forAddress, forEnd] = child.stderr.tee();
    const stderrEnd = forEnd.pipeTo(new WritableStream());
    const address = await readAddress(forAddress);
    const devTools = await DevTools.connect(address);
    return new Browser(devTools, child, stderrEnd, profileDir);
  }

  /** Opens an address in a tab of its own, and answers once it has loaded. */
  async open(url: string, size: PageSize = { width: 1200, height: 900 }): Promise<Page> {
    const { targetId } = await this.#devTools.send("Target.createTarget", {
      url: "about:blank",
    });
    const { sessionId } = await this.#devTools.send("Target.attachToTarget", {
      targetId,
      flatten: true,
    });
    const page = new Page(this.#devTools, sessionId as string);
    await page.load(url, size);
    return page;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#devTools.send("Browser.close", {});
    await this.#child.status;
    await this.#stderrEnd;
    await this.#devTools.close();
    await Deno.remove(this.#profileDir, { recursive: true });
  }
}

/** One tab, as the person before it: looks, clicks, types. */
export class Page {
  readonly #devTools: DevTools;
  readonly #sessionId: string;
  readonly #requests: string[] = [];
  readonly #complaints: string[] = [];

  constructor(devTools: DevTools, sessionId: string) {
    this.#devTools = devTools;
    this.#sessionId = sessionId;
    devTools.listen(sessionId, (method, params) => this.#note(method, params));
  }

  /** `GET http://…`, each request that the page has made so far; `data:` addresses are none. */
  get requests(): readonly string[] {
    return this.#requests;
  }

  /** What the browser's console holds against the page: errors, refusals of its content policy. */
  get complaints(): readonly string[] {
    return this.#complaints;
  }

  async load(url: string, size: PageSize): Promise<void> {
    for (const domain of ["Network", "Runtime", "Log", "Page"]) {
      await this.#send(`${domain}.enable`, {});
    }
    const metrics = { ...size, deviceScaleFactor: 1, mobile: false };
    await this.#send("Emulation.setDeviceMetricsOverride", metrics);
    await this.#send("Page.navigate", { url });
    await this.waitFor(`document.readyState === "complete"`);
  }

  /** The value of an expression of JavaScript in the page; a promise's once it is there. */
  async evaluate(expression: string): Promise<unknown> {
    const answer = await this.#send("Runtime.evaluate", {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    if (answer.exceptionDetails !== undefined) {
      throw new Error(`Cannot evaluate ${expression}: ${JSON.stringify(answer.exceptionDetails)}`);
    }
    return (answer.result as { value?: unknown }).value;
  }

  /**
   * Waits until an expression is true of the page, asked anew whenever the page changes.
   *
   * @throws {Error} After 30 seconds, with the page's text.
   */
  async waitFor(expression: string): Promise<void> {
    const isTrue = await this.evaluate(`new Promise((resolve) => {
      const isTrue = () => Boolean(${expression});
      const end = (value) => { observer.disconnect(); clearTimeout(timer); resolve(value); };
      const look = () => { if (isTrue()) end(true); };
      const observer = new MutationObserver(look);
      observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
      addEventListener("load", look);
      const timer = setTimeout(() => end(false), ${PAGE_DEADLINE_MS});
      look();
    })`);
    if (isTrue === true) return;
    const text = await this.evaluate("document.body.innerText");
    throw new Error(`Waited ${PAGE_DEADLINE_MS} ms in vain for ${expression}; the page: ${text}`);
  }

  /**
   * Presses the mouse's button on the one element that the expression names, once it is there and stands
   * still: what opens above it moves it, frame by frame, and a press meanwhile would miss it.
   */
  async click(element: string): Promise<void> {
    await this.waitFor(element);
    const { x, y } = await this.evaluate(`new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("it does not stand still, or is covered")), ${PAGE_DEADLINE_MS});
      let before;
      const look = () => {
        const found = ${element};
        found.scrollIntoView({ block: "center", behavior: "instant" });
        const { left, top, width, height } = found.getBoundingClientRect();
        const [x, y] = [left + width / 2, top + height / 2];
        const isStill = before?.x === x && before.y === y;
        if (isStill && found.contains(document.elementFromPoint(x, y))) {
          clearTimeout(timer);
          return resolve({ x, y });
        }
        before = { x, y };
        requestAnimationFrame(look);
      };
      look();
    })`) as { x: number; y: number };
    for (const type of ["mousePressed", "mouseReleased"]) {
      await this.#send("Input.dispatchMouseEvent", { type, x, y, button: "left", clickCount: 1 });
    }
  }

  /** Types a text in the place of what the field holds. */
  async type(field: string, text: string): Promise<void> {
    await this.click(field);
    await this.evaluate(`(${field}).select()`);
    await this.#send("Input.insertText", { text });
  }

  /** What the window shows, as a PNG. */
  async screenshot(): Promise<Uint8Array<ArrayBuffer>> {
    const { data } = await this.#send("Page.captureScreenshot", { format: "png" });
    return Uint8Array.from(atob(data as string), (char) => char.charCodeAt(0));
  }

  #send(method: string, params: Record<string, unknown>): Promise<Record<string, unknown>> {
    return this.#devTools.send(method, params, this.#sessionId);
  }

  // deno-lint-ignore no-explicit-any -- The events' JSON, each with a form of its own.
  #note(method: string, params: any): void {
    switch (method) {
      case "Network.requestWillBeSent": {
        const { method: verb, url } = params.request;
        if (!url.startsWith("data:")) this.#requests.push(`${verb} ${url}`);
        break;
      }
      case "Network.webSocketCreated":
        this.#requests.push(`WEBSOCKET ${params.url}`);
        break;
      case "Log.entryAdded":
        if (params.entry.level === "error") this.#complaints.push(params.entry.text);
        break;
      case "Runtime.exceptionThrown":
        this.#complaints.push(JSON.stringify(params.exceptionDetails));
        break;
      case "Runtime.consoleAPICalled":
        if (params.type === "error") this.#complaints.push(JSON.stringify(params.args));
        break;
    }
  }
}

async function findProgram(): Promise<string | undefined> {
  for (const name of NAMES) {
    const output = await new Deno.Command(name, { args: ["--version"], stderr: "null" }).output()
      .catch(() => undefined);
    if (output?.success) return name;
  }
  return undefined;
}

/** The browser says where it listens in a line of its own. */
async function readAddress(stderr: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  for await (const chunk of stderr.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const address = DEVTOOLS_LINE_REGEXP.exec(text)?.[1];
    if (address !== undefined) return address;
  }
  throw new Error(`Cannot start ${program}: it ended with\n${text}`);
}
