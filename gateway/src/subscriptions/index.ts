/** Subscriptions for Apollo Gateway. See README.md. */
export { createSubscriptionEngine, isStream } from "./engine.ts";
export type { SubscribeRequest, SubscriptionEngine } from "./engine.ts";
export { SubscriptionError } from "./errors.ts";
export type { SubscriptionErrorCode } from "./errors.ts";
export type {
  EngineEvent,
  EngineLog,
  LimitOptions,
  RetryOptions,
  SubgraphEndpoint,
  SubscriptionEngineOptions,
  UpstreamCredentials,
  UpstreamOptions,
} from "./options.ts";
export type { SubscriptionStream } from "./stream.ts";
