/** The gateway's parts, made and connected by hand. */
import { ApolloGateway } from "@apollo/gateway";
import { ApolloServer } from "@apollo/server";
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from "@apollo/server/plugin/disabled";
import type { Log } from "@sealgraph/platform/log.ts";
import { createTokenVerifier, type TokenVerifier } from "@sealgraph/platform/tokens.ts";
import { authenticationPlugin } from "./authentication.ts";
import type { GatewayConfig } from "./config.ts";
import { visibleError } from "./errors.ts";
import { maxDocumentTokens } from "./limits.ts";
import type { GatewayMetrics } from "./metrics.ts";
import type { RequestContext } from "./request-context.ts";
import { createSubgraphDataSource } from "./subgraph-data-source.ts";
import { createSubscriptionEngine, type SubscriptionEngine } from "./subscriptions/index.ts";
import { loadSupergraph } from "./supergraph.ts";

export interface GatewayContext {
  apollo: ApolloServer<RequestContext>;
  engine: SubscriptionEngine<RequestContext>;
  /** Absent: tokens are passed on unseen. */
  tokens: TokenVerifier | undefined;
}

/** @throws ConfigError when the supergraph cannot be served */
export async function createContext(config: GatewayConfig, log: Log, metrics: GatewayMetrics): Promise<GatewayContext> {
  const { sdl, subgraphs } = await loadSupergraph({
    file: config.supergraphFile,
    urls: config.subgraphUrls,
    webSocketUrls: config.subgraphWebSocketUrls,
  });
  const tokens = config.tokens === undefined ? undefined : createTokenVerifier(config.tokens);
  const timeoutMs = config.subgraphTimeoutMs;
  const dataSource = (name: string, url: string) => createSubgraphDataSource({ name, url, timeoutMs, log });

  const apollo = new ApolloServer<RequestContext>({
    gateway: new ApolloGateway({
      supergraphSdl: sdl,
      buildService: ({ name, url }) => dataSource(name, subgraphs[name]?.url ?? url ?? ""),
      validateSupergraph: true,
      __exposeQueryPlanExperimental: false,
      logger: log,
    }),
    introspection: config.introspection,
    hideSchemaDetailsFromClientErrors: !config.introspection,
    csrfPrevention: true,
    allowBatchedHttpRequests: false,
    persistedQueries: false,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    parseOptions: { maxTokens: maxDocumentTokens },
    formatError: (error) => visibleError(error, log),
    plugins: [
      authenticationPlugin(tokens !== undefined),
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
      ApolloServerPluginCacheControlDisabled(),
    ],
    logger: log,
  });
  await apollo.start();

  const engine = createSubscriptionEngine<RequestContext>({
    supergraphSdl: sdl,
    subgraphs,
    dataSource,
    upstream: {
      credentials: ({ authorization }) => {
        const given = authorization === undefined ? {} : { authorization };
        // Per operation: any socket serves any user. Per socket: one socket for each distinct token.
        return config.subgraphCredentials === "operation"
          ? { extensions: given, key: "" }
          : { connectionParams: given, key: authorization ?? "" };
      },
    },
    limits: { joinTimeoutMs: config.subgraphTimeoutMs },
    log,
    onEvent: metrics.onEngineEvent,
  });
  return { apollo, engine, tokens };
}
