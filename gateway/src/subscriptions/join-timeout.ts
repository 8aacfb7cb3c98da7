import type { GraphQLDataSource } from "@apollo/gateway";
import { SubscriptionError } from "./errors.ts";

/**
 * A data source that answers in time: RemoteGraphQLDataSource itself waits for ever, and one hung subgraph would hold up
 * the stream. The frame is delivered without this fetch's data, with an error JOIN_TIMED_OUT, as with any failed fetch.
 */
export function withTimeout(source: GraphQLDataSource, subgraph: string, timeoutMs: number): GraphQLDataSource {
  return {
    async process(options) {
      const { promise: expired, reject } = Promise.withResolvers<never>();
      const timer = setTimeout(() => {
        const message = `Subgraph "${subgraph}" did not answer in time.`;
        reject(new SubscriptionError("JOIN_TIMED_OUT", message, { extensions: { serviceName: subgraph } }));
      }, timeoutMs);
      try {
        return await Promise.race([source.process(options), expired]);
      } finally {
        clearTimeout(timer);
      }
    },
  };
}
