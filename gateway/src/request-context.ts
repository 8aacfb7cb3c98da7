import type { Caller } from "@sealgraph/platform/tokens.ts";
import type { GraphQLError } from "graphql";

/** What one operation carries through the gateway: who asks, and nothing else of the client's request. */
export interface RequestContext {
  /** Verified; absent without a token and when the gateway does not authenticate. */
  readonly caller?: Caller;
  /** Passed on to subgraphs as it is ("Bearer …"). */
  readonly authorization?: string;
  /** Why the token was refused; raised once it is known that the operation needs one. */
  readonly refusal?: GraphQLError;
}
