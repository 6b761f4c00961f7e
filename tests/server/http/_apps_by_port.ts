import { ApiDescriptions, createMetricsApp, type HttpApp } from "../../../server/http/mod.ts";
import type { ModelService } from "../../../server/http/mod.ts";
import { createFakeInferenceApp, createFakeManagementApp } from "./_fake_models.ts";

export type PortName = "inference" | "management" | "metrics";

export const PORTS: readonly PortName[] = ["inference", "management", "metrics"];

/** The app of one port, over models that know nothing but what is given. */
export function createAppOf(port: PortName, given: Partial<ModelService> = {}): HttpApp {
  switch (port) {
    case "inference":
      return createFakeInferenceApp(given);
    case "management":
      return createFakeManagementApp(given);
    case "metrics":
      return createMetricsApp({
        descriptions: new ApiDescriptions({
          version: "1.2.3",
          ports: ["metrics"],
          requiresTokens: false,
        }),
        reportFailure: () => {},
        readText: () => Promise.resolve(""),
      });
  }
}
