/** The graph over the network: queries and mutations by fetch, subscriptions over graphql-transport-ws. */
import { createClient, type Client } from "graphql-ws";
import { fromGraphqlErrors, SealgraphError } from "./errors.ts";
import type { TypedDocumentString } from "./generated/graphql.ts";
import { observed, type OnWire } from "./wire.ts";

export interface TransportOptions {
  /** The gateway; "/graphql" is added when the URL has no path. */
  url: string | URL;
  /** An access token, not "Bearer …"; asked for each request and each connection, so it may renew. */
  token: () => Promise<string>;
  /** How long a request, or a subscription's connecting, may take, the asking for the token included. Default 15 000. */
  timeoutMs?: number;
  onWire?: OnWire;
  fetch?: typeof fetch;
  WebSocket?: typeof WebSocket;
}

/** Where a subscription's results go. Both are called synchronously, in the order of arrival, `end` once. */
export interface Sink<Result> {
  /** False when it cannot be taken: the stream is then ended with READER_SLOW. */
  next(result: Result): boolean;
  /** Undefined when the graph has completed the stream. */
  end(error?: SealgraphError): void;
}

export interface Transport {
  /** @throws SealgraphError with the graph's code, or NETWORK, TIMEOUT, CLOSED. */
  request<Result, Variables>(document: TypedDocumentString<Result, Variables>, variables: Variables): Promise<Result>;
  /** One stream on a connection of its own, which is never retried here: who resumes knows from where. */
  subscribe<Result, Variables>(
    document: TypedDocumentString<Result, Variables>,
    variables: Variables,
    sink: Sink<Result>,
  ): () => void;
  /** Ends streams and requests under way; these with CLOSED. */
  close(): void;
}

const defaultTimeoutMs = 15_000;
/** An idle connection is pinged this often, and given up when the pong takes longer than the second. */
const pingIntervalMs = 15_000;
const pongTimeoutMs = 10_000;
/** The gateway's close code for a token that is over or refused; the reason is the error's code. */
const closedForbidden = 4403;

export function createTransport(options: TransportOptions): Transport {
  const url = endpoint(options.url);
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
  const send = options.fetch ?? fetch;
  const Socket = options.WebSocket ?? WebSocket;
  const { onWire } = options;
  const running = new Set<() => void>();
  const closing = new AbortController();

  async function request<Result, Variables>(
    document: TypedDocumentString<Result, Variables>,
    variables: Variables,
  ): Promise<Result> {
    if (closing.signal.aborted) throw closedError();
    const signal = AbortSignal.any([closing.signal, AbortSignal.timeout(timeoutMs)]);
    const token = await tokenBefore(signal);
    const body = JSON.stringify({ query: document.toString(), variables });
    onWire?.({ direction: "sent", over: "http", text: body });
    let text: string;
    let status: number;
    try {
      const response = await send(url, {
        method: "POST",
        headers: { "content-type": "application/json", accept: "application/json", authorization: `Bearer ${token}` },
        body,
        signal,
      });
      status = response.status;
      text = await response.text();
    } catch (error) {
      if (signal.aborted) throw abortedError();
      throw new SealgraphError("NETWORK", `${url.origin} cannot be reached`, { retryable: true, cause: error });
    }
    onWire?.({ direction: "received", over: "http", text });
    return resultOf<Result>(status, text);
  }

  /** A provider that does not answer holds up a request no longer than the graph itself may. */
  function tokenBefore(signal: AbortSignal): Promise<string> {
    return new Promise((resolve, reject) => {
      const giveUp = () => reject(abortedError());
      signal.addEventListener("abort", giveUp, { once: true });
      // Asynchronous, so that a provider that throws at once is one that rejects.
      Promise.resolve()
        .then(() => options.token())
        .then(resolve, (error: unknown) => reject(tokenError(error)))
        .finally(() => signal.removeEventListener("abort", giveUp));
    });
  }

  function abortedError(): SealgraphError {
    return closing.signal.aborted ? closedError() : timeoutError();
  }

  function timeoutError(): SealgraphError {
    return new SealgraphError("TIMEOUT", `no answer within ${timeoutMs} ms`, { retryable: true });
  }

  function subscribe<Result, Variables>(
    document: TypedDocumentString<Result, Variables>,
    variables: Variables,
    sink: Sink<Result>,
  ): () => void {
    let ended = false;
    const end = (error?: SealgraphError): void => {
      if (ended) return;
      ended = true;
      clearTimeout(connectTimer);
      running.delete(close);
      sink.end(error);
      // What is not connected yet is not waited for.
      if (!connected) client.terminate();
      void client.dispose();
    };
    const close = () => end();
    if (closing.signal.aborted) {
      sink.end(closedError());
      return () => undefined;
    }
    let connected = false;
    const connectTimer = setTimeout(() => end(timeoutError()), timeoutMs);
    const client = connect(end, () => {
      connected = true;
      clearTimeout(connectTimer);
    });
    running.add(close);
    client.subscribe<Result>(
      { query: document.toString(), variables: variables as Record<string, unknown> },
      {
        next: ({ data, errors }) => {
          if (ended) return;
          if (errors !== undefined && errors.length > 0) return end(fromGraphqlErrors(errors));
          if (data === undefined || data === null || sink.next(data)) return;
          end(new SealgraphError("READER_SLOW", "results came faster than they were taken", { retryable: true }));
        },
        error: (error) => end(streamError(error)),
        complete: () => end(),
      },
    );
    return close;
  }

  /** A graphql-ws client for one subscription: its connection lives as long as that. */
  function connect(end: (error: SealgraphError) => void, onConnected: () => void): Client {
    let pongTimer: ReturnType<typeof setTimeout> | undefined;
    const client = createClient({
      url: url.href.replace(/^http/, "ws"),
      webSocketImpl: onWire === undefined ? Socket : observed(Socket, onWire),
      connectionParams: async () => {
        try {
          return { authorization: `Bearer ${await options.token()}` };
        } catch (error) {
          end(tokenError(error));
          throw error;
        }
      },
      retryAttempts: 0,
      keepAlive: pingIntervalMs,
      on: {
        connected: onConnected,
        ping: (received) => {
          if (!received) pongTimer = setTimeout(() => client.terminate(), pongTimeoutMs);
        },
        pong: (received) => {
          if (received) clearTimeout(pongTimer);
        },
        closed: () => clearTimeout(pongTimer),
      },
    });
    return client;
  }

  return {
    request,
    subscribe,
    close() {
      closing.abort();
      for (const end of running) end();
    },
  };
}

function closedError(): SealgraphError {
  return new SealgraphError("CLOSED", "the client is closed");
}

/** What the application's own function for tokens throws may be anything. */
function tokenError(error: unknown): SealgraphError {
  if (error instanceof SealgraphError) return error;
  return new SealgraphError("NETWORK", "no access token could be had", { retryable: true, cause: error });
}

function endpoint(url: string | URL): URL {
  const endpoint = new URL(url);
  if (endpoint.pathname === "/") endpoint.pathname = "/graphql";
  return endpoint;
}

function resultOf<Result>(status: number, text: string): Result {
  let answer: { data?: Result | null; errors?: { message: string; extensions?: Record<string, unknown> }[] };
  try {
    answer = JSON.parse(text) as typeof answer;
  } catch (error) {
    throw new SealgraphError("NETWORK", `HTTP ${status} and no GraphQL answer`, {
      retryable: status >= 500,
      cause: error,
    });
  }
  if (Array.isArray(answer.errors) && answer.errors.length > 0) throw fromGraphqlErrors(answer.errors);
  if (answer.data === undefined || answer.data === null) {
    throw new SealgraphError("NETWORK", `HTTP ${status} and no data`, { retryable: status >= 500 });
  }
  return answer.data;
}

/** graphql-ws reports an operation's errors as a list, a lost connection as its close event. */
function streamError(error: unknown): SealgraphError {
  if (Array.isArray(error))
    return fromGraphqlErrors(error as { message: string; extensions?: Record<string, unknown> }[]);
  if (typeof error === "object" && error !== null && "code" in error && typeof error.code === "number") {
    const reason = "reason" in error && typeof error.reason === "string" ? error.reason : "";
    if (error.code === closedForbidden && /^[A-Z_]+$/.test(reason)) {
      return new SealgraphError(reason, `the connection was closed: ${reason}`, { cause: error });
    }
    const message = `the connection was closed (${error.code}${reason === "" ? "" : `, ${reason}`})`;
    return new SealgraphError("NETWORK", message, { retryable: true, cause: error });
  }
  return new SealgraphError("NETWORK", "the connection broke", { retryable: true, cause: error });
}
