/** REST: requests of three ports into calls, answers back into responses. Keeps no state of its own. */
export { createAccessLog } from "./access_log.ts";
export { ApiDescriptions } from "./api_descriptions.ts";
export { type AuthorizeOptions, createAuthorizedApp } from "./authorized_app.ts";
export { BodyDeadlines, type OpenBody } from "./body_deadlines.ts";
export { type Exchange, type ExchangeObserver, observeExchanges } from "./exchange.ts";
export { createExposedApp, type ExposeOptions } from "./exposed_app.ts";
export type { Connection, HttpApp } from "./http_app.ts";
export { createInferenceApp, type InferenceAppOptions } from "./inference_app.ts";
export type { ModelService } from "./_model_service.ts";
export { type Listener, startListener, type StartListenerOptions } from "./listener.ts";
export { createManagementApp, type ManagementAppOptions } from "./management_app.ts";
export { createMetricsApp, type MetricsAppOptions } from "./metrics_app.ts";
export { createSharedApp, type SharedAppOptions } from "./shared_app.ts";
