/** Queries and mutations by HTTP, subscriptions by graphql-transport-ws, both at ./graphql and with the same token. */
import { createGraphiQLFetcher, type Fetcher } from "@graphiql/toolkit";
import { Kind, parse, type DocumentNode } from "graphql";
import { createClient, type Client } from "graphql-ws";

export interface GatewayFetcher {
  fetcher: Fetcher;
  /** A socket carries the token that it was opened with, so a new token means a new socket. */
  setToken(token: string): void;
}

const retryAttempts = 5;
/** Not permitted: trying again with the same token cannot help. */
const forbidden = 4403;

export function createGatewayFetcher(initialToken: string): GatewayFetcher {
  const url = new URL("graphql", document.baseURI);
  const webSocketUrl = new URL(url);
  webSocketUrl.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  let token = initialToken;
  let client: Client | undefined;

  const openClient = () =>
    createClient({
      url: webSocketUrl.href,
      lazy: true,
      retryAttempts,
      shouldRetry: (event) => event instanceof CloseEvent && event.code !== forbidden,
      connectionParams: () => (token === "" ? {} : { authorization: `Bearer ${token}` }),
    });

  const send = createGraphiQLFetcher({
    url: url.href,
    fetch: (input, init) => {
      const headers = new Headers(init?.headers);
      // The headers editor wins: it is there to try things out.
      if (token !== "" && !headers.has("authorization")) headers.set("authorization", `Bearer ${token}`);
      return fetch(input, { ...init, headers });
    },
    enableIncrementalDelivery: false,
    get wsClient() {
      client ??= openClient();
      return client;
    },
  });

  return {
    fetcher: (params, options) => send(...consistent(params, options)),
    setToken(next) {
      if (next === token) return;
      token = next;
      void client?.dispose();
      client = undefined;
    },
  };
}

type Arguments = Parameters<Fetcher>;

/**
 * GraphiQL learns an editor's operations a moment after its tab was chosen. Run at once, it would send this tab's text
 * under the other tab's operation name; the text itself is what counts.
 */
function consistent(params: Arguments[0], options: Arguments[1]): [Arguments[0], Arguments[1]] {
  let document: DocumentNode;
  try {
    document = parse(params.query);
  } catch {
    return [params, options]; // the gateway says what is wrong with it
  }
  const operations = document.definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION);
  const [operation] = operations;
  if (operations.length !== 1 || operation?.kind !== Kind.OPERATION_DEFINITION) return [params, options];
  return [
    { ...params, operationName: operation.name?.value ?? null },
    { ...options, documentAST: document },
  ];
}
