import type { Answer, PredictCall } from "../../../server/models/mod.ts";
import {
  ApiDescriptions,
  BodyDeadlines,
  createInferenceApp,
  createManagementApp,
} from "../../../server/http/mod.ts";
import type { HttpApp, ModelService } from "../../../server/http/mod.ts";

/** The HTTP mapping's other side: every method fails unless the test gives it. */
export function createFakeModels(given: Partial<ModelService>): ModelService {
  const refuse = (): never => {
    throw new Error("This test did not expect the call");
  };
  return {
    register: refuse,
    scale: refuse,
    describe: refuse,
    describeCustomized: refuse,
    isReady: refuse,
    findStartupModel: refuse,
    list: refuse,
    setDefault: refuse,
    getTraffic: refuse,
    setTraffic: refuse,
    unregister: refuse,
    predict: refuse,
    ...given,
  };
}

export interface FakeAppOptions {
  readonly maxBodyBytes?: number;
  readonly bodyDeadlines?: BodyDeadlines;
  readonly isHealthy?: boolean;
  readonly openInferenceVersion?: string;
  readonly isModelApiEnabled?: boolean;
  readonly failures?: { error: unknown; requestId: string }[];
}

export function createFakeInferenceApp(
  given: Partial<ModelService>,
  options: FakeAppOptions = {},
): HttpApp {
  return createInferenceApp({
    ...toAppOptions("inference", given, options),
    isHealthy: () => options.isHealthy ?? true,
    openInferenceVersion: options.openInferenceVersion,
  });
}

export function createFakeManagementApp(
  given: Partial<ModelService>,
  options: FakeAppOptions = {},
): HttpApp {
  const isModelApiEnabled = options.isModelApiEnabled ?? true;
  return createManagementApp({ ...toAppOptions("management", given, options), isModelApiEnabled });
}

function toAppOptions(
  port: "inference" | "management",
  given: Partial<ModelService>,
  options: FakeAppOptions,
) {
  return {
    descriptions: new ApiDescriptions({ version: "1.2.3", ports: [port], requiresTokens: false }),
    models: createFakeModels(given),
    maxBodyBytes: options.maxBodyBytes ?? 1000,
    bodyDeadlines: options.bodyDeadlines ?? new BodyDeadlines(60),
    reportFailure: (error: unknown, requestId: string) =>
      void options.failures?.push({ error, requestId }),
  };
}

/** A text answer. */
export function createAnswer(text: string, over: Partial<Answer> = {}): Answer {
  return {
    status: 200,
    statusText: "",
    headers: ["content-type", "text/plain; charset=utf-8"],
    body: new TextEncoder().encode(text),
    ...over,
  };
}

/** Keeps the calls that arrive, and answers each with `ok`. */
export function createRecorder(): { calls: PredictCall[]; predict: ModelService["predict"] } {
  const calls: PredictCall[] = [];
  return {
    calls,
    predict: (call) => {
      calls.push(call);
      return Promise.resolve(createAnswer("ok"));
    },
  };
}
