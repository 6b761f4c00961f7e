import denoConfig from "../deno.json" with { type: "json" };
import type { ListenAddress, ServerConfig } from "./config/mod.ts";
import { createLog } from "./logging/mod.ts";

/** Tells the log what is about to be started, in the words of TorchServe's own first lines. */
export function logBanner(config: ServerConfig): void {
  const log = createLog("server");
  const { metrics, logs } = config;
  log.info(`Marina version: ${denoConfig.version}`, { runtime: `deno ${Deno.version.deno}` });
  log.info("Config file:", { path: config.configFile ?? "N/A" });
  log.info("Inference address:", { address: toAddressText(config.inferenceAddress) });
  log.info("Management address:", { address: toAddressText(config.managementAddress) });
  if (config.isMetricsApiEnabled) {
    log.info("Metrics address:", { address: toAddressText(config.metricsAddress) });
  }
  log.info("Model Store:", { path: config.modelStore });
  log.info("Initial Models:", { models: toModelsText(config) });
  log.info("Number of GPUs:", { gpus: config.numberOfGpu, cpus: navigator.hardwareConcurrency });
  log.info("Log folders:", { logs: logs.dir, metrics: logs.metricsDir });
  log.info("Metrics mode:", { mode: metrics.mode, definitions: metrics.definitionsFile });
}

function toAddressText(address: ListenAddress): string {
  if (address.transport === "unix") return `unix:${address.path}`;
  const { hostname, port, isTls } = address;
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  return `${isTls ? "https" : "http"}://${host}:${port}`;
}

/** `all`, or each model as the setting names it. */
function toModelsText({ startupModels, restorePoint }: ServerConfig): string {
  const models = restorePoint?.models ?? startupModels;
  if (models === "all") return "all";
  const texts = models.map(({ modelName, url }) =>
    modelName === undefined ? url : `${modelName}=${url}`
  );
  return texts.length === 0 ? "N/A" : texts.join(", ");
}
