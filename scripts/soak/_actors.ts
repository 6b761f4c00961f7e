/** Operators who change the models while they are asked; each leaves them at the end as they were. */
import { checkStatus, toText } from "./_checks.ts";
import { Connection, type WireAnswer } from "./_connection.ts";
import { type Ledger, type Outcome, SoakFault } from "./_ledger.ts";
import { GUEST_NET_VERSION, NET_VERSIONS, SWAP_BUILDS } from "./_models.ts";
import { post } from "./_prediction_kinds.ts";
import { pause, pick, randomBelow } from "./_request_kind.ts";
import type { MarinaProcess } from "../../tests/support/marina_process.ts";

/** What an operator does again and again. */
export interface Actor {
  readonly name: string;
  /** Between two rounds. */
  readonly pauseMs: number;
  round(): Promise<void>;
}

const MANAGEMENT_PATHS = [
  "/models",
  "/models?limit=3",
  "/models/echo",
  "/models/mlp?customized=true",
  "/models/net/all",
  "/v1/models/mlp",
  "/models/net/traffic",
];
/** Ways of ending a worker; `wait` is ended by the server once `responseTimeout` is over. */
const CRASHES = ["exit", "close", "throw later", "reject later", "wait"] as const;

/** The actors of a whole soak; their connections close with `connections`. */
export function createActors(
  marina: MarinaProcess,
  ledger: Ledger,
): { readonly actors: readonly Actor[]; readonly connections: readonly Connection[] } {
  const connections: Connection[] = [];
  const open = (url: string): Connection => {
    const connection = new Connection(url);
    connections.push(connection);
    return connection;
  };
  const manage = (): Call => createCall(open(marina.managementUrl), ledger);
  return {
    actors: [
      createGuest(manage()),
      createScaler(manage()),
      createVersionist(manage()),
      createReplacer(manage()),
      createCrasher(open(marina.inferenceUrl), ledger),
      createObserver(manage(), createCall(open(marina.metricsUrl), ledger), marina, open, ledger),
    ],
    connections,
  };
}

/** Books one call, and proves its status; answers the text. */
type Call = (kind: string, line: string, status: number, json?: unknown) => Promise<string>;

function createCall(connection: Connection, ledger: Ledger): Call {
  return async (kind, line, status, json) => {
    const [method, path] = line.split(" ") as [string, string];
    const sent = json === undefined ? {} : {
      contentType: "application/json",
      body: new TextEncoder().encode(JSON.stringify(json)),
    };
    let answer: WireAnswer | undefined;
    await ledger.book(kind, async (): Promise<Outcome> => {
      answer = await connection.send({ method, path, ...sent });
      return checkStatus(answer!, status);
    });
    if (answer === undefined) connection.close();
    return answer === undefined ? "" : toText(answer);
  };
}

/** Takes a model in and out, and tries what has to fail. */
function createGuest(call: Call): Actor {
  return {
    name: "registers",
    pauseMs: 8_000,
    async round() {
      await call("register", "POST /models?url=guest.mar&initial_workers=1&synchronous=true", 200);
      await call("register twice", "POST /models?url=guest.mar&initial_workers=1", 409);
      await pause(randomBelow(500));
      for (const workers of [2, 0, 1]) {
        if (Math.random() < 0.5) continue;
        const query = `min_worker=${workers}&max_worker=${workers}&synchronous=true`;
        await call("scale", `PUT /models/guest?${query}`, 200);
        await pause(randomBelow(200));
      }
      await call("unregister", "DELETE /models/guest", 200);
      await call("unregister twice", "DELETE /models/guest", 404);
      await call("register nothing", "POST /models?url=nothing.mar", 404);
      if (Math.random() < 0.2) {
        const query = "url=broken.mar&initial_workers=1&synchronous=true";
        await call("register what cannot start", `POST /models?${query}`, 500);
      }
    },
  };
}

/** Gives a model that is asked all the time other numbers of workers; the last one is 1. */
function createScaler(call: Call): Actor {
  return {
    name: "scales",
    pauseMs: 8_000,
    async round() {
      const workers = 2 + randomBelow(2);
      const toLine = (count: number, isSynchronous: boolean): string =>
        `PUT /models/echo?min_worker=${count}&max_worker=${count}&synchronous=${isSynchronous}`;
      await call("scale", toLine(workers, true), 200);
      await pause(randomBelow(500));
      await call("scale, not waiting", toLine(workers - 1, false), 202);
      await call("scale", toLine(1, true), 200);
    },
  };
}

/** Moves default version, weights and shadow, and takes a third version in and out. */
function createVersionist(call: Call): Actor {
  return {
    name: "versions",
    pauseMs: 8_000,
    async round() {
      await call("set default", `PUT /models/net/${pick(NET_VERSIONS)}/set-default`, 200);
      const weights = Object.fromEntries(
        NET_VERSIONS.map((version) => [version, 1 + randomBelow(9)]),
      );
      await call("set weights", "POST /models/net/traffic", 200, { weights });
      const query = "url=net@3.mar&initial_workers=1&synchronous=true";
      await call("register", `POST /models?${query}`, 200);
      const shadow = GUEST_NET_VERSION;
      await call("set weights", "POST /models/net/traffic", 200, { weights, shadow });
      await pause(randomBelow(500));
      await call("set weights", "POST /models/net/traffic", 200, {
        weights: { ...weights, [shadow]: 5 },
      });
      await pause(randomBelow(300));
      if (Math.random() < 0.5) await call("reset weights", "DELETE /models/net/traffic", 200);
      await call("unregister", `DELETE /models/net/${shadow}`, 200);
    },
  };
}

function createReplacer(call: Call): Actor {
  return {
    name: "replaces",
    pauseMs: 10_000,
    async round() {
      const line = `PUT /models/swap?replace=true&url=swap@${pick(SWAP_BUILDS)}.mar`;
      await call("replace", line, 200);
    },
  };
}

/** Asks for what ends a worker; whoever shares its batch is told so. */
function createCrasher(connection: Connection, ledger: Ledger): Actor {
  return {
    name: "crashes",
    pauseMs: 10_000,
    async round() {
      const mood = pick(CRASHES);
      await ledger.book("crash", async () => {
        const answer = await post(connection, "crashing", { mood, nonce: "crash" });
        const isAnswered = answer.status === 200 && /later/.test(mood);
        return isAnswered ? "answered" : checkStatus(answer, 500);
      });
    },
  };
}

/** Looks at everything that there is to see. */
function createObserver(
  manage: Call,
  scrape: Call,
  marina: MarinaProcess,
  open: (url: string) => Connection,
  ledger: Ledger,
): Actor {
  const inference = createCall(open(marina.inferenceUrl), ledger);
  return {
    name: "looks",
    pauseMs: 200,
    async round() {
      for (const path of MANAGEMENT_PATHS) await manage("describe", `GET ${path}`, 200);
      await inference("ping", "GET /ping", 200);
      await manage("describe", "GET /openapi.json", 200);
      await inference("describe", "OPTIONS /predictions/mlp", 200);
      const text = await scrape("scrape", "GET /metrics", 200);
      await ledger.book("scrape, read", () => {
        const isWhole = text.includes("marina_queue_requests{") && text.endsWith("\n");
        if (!isWhole) throw new SoakFault("wrong", `no whole metrics: ${text.slice(-200)}`);
        return Promise.resolve("answered");
      });
    },
  };
}
