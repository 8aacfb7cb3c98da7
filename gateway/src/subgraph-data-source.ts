/** One subgraph over HTTP. Nothing of the client's request goes on but the operation and `authorization`. */
import type { GraphQLDataSource } from "@apollo/gateway";
import type { Log } from "@sealgraph/platform/log.ts";
import { gatewayError } from "./errors.ts";
import type { RequestContext } from "./request-context.ts";

export interface SubgraphDataSourceOptions {
  name: string;
  url: string;
  timeoutMs: number;
  log: Log;
}

/** Largest answer of a subgraph that is read, bytes. */
const maxResponseBytes = 16_000_000;

type Processed = Awaited<ReturnType<GraphQLDataSource["process"]>>;

/** `process` throws SUBGRAPH_UNAVAILABLE when there is no GraphQL answer within timeoutMs. */
export function createSubgraphDataSource(options: SubgraphDataSourceOptions): GraphQLDataSource {
  const { name, url, timeoutMs, log } = options;
  return {
    async process({ request, context }): Promise<Processed> {
      const { authorization } = context as RequestContext;
      try {
        const response = await fetch(url, {
          method: "POST",
          headers: {
            "content-type": "application/json",
            accept: "application/graphql-response+json, application/json",
            ...(authorization === undefined ? {} : { authorization }),
          },
          body: JSON.stringify({
            query: request.query,
            variables: request.variables,
            operationName: request.operationName,
          }),
          redirect: "error",
          signal: AbortSignal.timeout(timeoutMs),
        });
        const answer: unknown = JSON.parse(await readBounded(response));
        // A refusal such as 401 is a GraphQL answer too, with the subgraph's own code in it.
        if (isGraphQLAnswer(answer)) return answer;
        throw new Error(`answered ${response.status} without a GraphQL result`);
      } catch (error) {
        const cause = error instanceof Error ? error : new Error(String(error));
        log.warn({ subgraph: name, error: reasonOf(cause) }, "subgraph does not answer");
        throw gatewayError("SUBGRAPH_UNAVAILABLE", cause);
      }
    },
  };
}

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > maxResponseBytes) throw new Error(`answered more than ${maxResponseBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function isGraphQLAnswer(answer: unknown): answer is Processed {
  return (
    typeof answer === "object" &&
    answer !== null &&
    ("data" in answer || ("errors" in answer && Array.isArray(answer.errors)))
  );
}

/** fetch says "fetch failed" and keeps the reason in `cause`. */
function reasonOf(error: Error): string {
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
