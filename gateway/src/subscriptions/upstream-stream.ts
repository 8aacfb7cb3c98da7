import type { GraphQLError, GraphQLFormattedError } from "graphql";
import { SubscriptionError } from "./errors.ts";
import { subgraphError } from "./event-execution.ts";
import type { EventPayload } from "./event-execution.ts";
import type { EngineEvent, EngineLog, UpstreamCredentials } from "./options.ts";
import type { SubscriptionPlan } from "./plan.ts";
import { readCursor } from "./resumption.ts";
import { RetryBudget } from "./retry-budget.ts";
import type { RetryLimits } from "./retry-budget.ts";
import type { SocketBreak } from "./upstream-socket.ts";
import type { UpstreamSockets } from "./upstream-sockets.ts";

export interface UpstreamStreamOptions {
  plan: SubscriptionPlan;
  variables: Record<string, unknown>;
  sockets: UpstreamSockets;
  /** Asked before each subscription, so that what was renewed meanwhile is used. */
  credentials(): UpstreamCredentials | Promise<UpstreamCredentials>;
  retry: RetryLimits;
  maxOperationBytes: number;
  log: EngineLog;
  emit(event: EngineEvent): void;
  onFrame(payload: EventPayload, cursor: unknown, bytes: number): void;
  /** The subgraph completed the stream. */
  onComplete(): void;
  /** The stream ended for good; the errors are made when they are delivered, with the cursor reached by then. */
  onFailed(errors: (cursor: unknown) => readonly GraphQLError[]): void;
}

export interface UpstreamStream {
  /** Ends the upstream operation at once. */
  stop(): void;
  /** Subscribes anew from the cursor with fresh credentials. Only for resumable plans; another one goes on as it is. */
  renew(): void;
}

function pick(variables: Record<string, unknown>, names: readonly string[]): Record<string, unknown> {
  // Without a prototype, so that a variable named __proto__ is one like any other.
  const picked = Object.create(null) as Record<string, unknown>;
  for (const name of names) {
    if (Object.hasOwn(variables, name) && variables[name] !== undefined) picked[name] = variables[name];
  }
  return picked;
}

const codesOf = (errors: readonly GraphQLFormattedError[]) => errors.map((each) => each.extensions?.["code"]);

/**
 * One stream of a subgraph, kept alive: what breaks is resumed from the cursor of the last frame received, with backoff,
 * until attempts or time are used up. Frames received are all delivered or the stream ends with an error, so resuming
 * after the last one received leaves no gap and repeats nothing.
 */
export function openUpstreamStream(options: UpstreamStreamOptions): UpstreamStream {
  const { plan, sockets, log, emit } = options;
  const { resumption, subgraph } = plan;
  const field = plan.field.name;
  const budget = new RetryBudget(options.retry);
  let cursor: unknown;
  let begun = false;
  let stopped = false;
  // Each subscription has a number; what an older one still says is ignored.
  let subscription = 0;
  let release: (() => void) | undefined;
  let timer: NodeJS.Timeout | undefined;

  function leave(): void {
    subscription += 1;
    clearTimeout(timer);
    release?.();
    release = undefined;
  }

  function fail(errors: (cursor: unknown) => readonly GraphQLError[]): void {
    leave();
    stopped = true;
    options.onFailed(errors);
  }

  function retry(reason: string, lastError?: GraphQLFormattedError): void {
    leave();
    const delayMs = budget.nextDelayMs();
    emit({ type: "upstreamBroken", field, subgraph, reason, retryInMs: delayMs });
    log.warn({ field, subgraph, reason, retryInMs: delayMs }, "upstream subscription broke");
    if (delayMs !== undefined) {
      timer = setTimeout(() => {
        emit({ type: "resubscribed", field, subgraph, fromCursor: cursor !== undefined });
        void subscribe();
      }, delayMs);
      return;
    }
    fail((delivered) => [
      new SubscriptionError(
        "UPSTREAM_LOST",
        "The source of this subscription was lost and did not come back in time.",
        {
          retryable: true,
          cursor: resumption ? (delivered ?? null) : undefined,
          extensions: lastError
            ? { upstream: { message: lastError.message, code: lastError.extensions?.["code"] } }
            : {},
        },
      ),
    ]);
  }

  /**
   * The subgraph ended the operation with errors: the stream's end, unless it says that trying again helps. A stream that
   * has not begun is not retried for its client: it is told why, at once, and can decide for itself.
   */
  function refused(errors: readonly GraphQLFormattedError[]): void {
    const codes = codesOf(errors);
    const retryable = errors.find((each) => each.extensions?.["retryable"] === true);
    const final = codes.some((code) => typeof code === "string" && resumption?.finalCodes.has(code));
    if (resumption && begun && retryable && !final) retry(`error ${String(codes[0])}`, retryable);
    else fail(() => errors.map((each) => subgraphError(each, subgraph)));
  }

  function tooLarge(): void {
    fail((delivered) => [
      new SubscriptionError(
        "OPERATION_TOO_LARGE",
        "The operation with its variables is larger than its source takes.",
        {
          cursor: resumption ? (delivered ?? null) : undefined,
        },
      ),
    ]);
  }

  function broken(cause: SocketBreak): void {
    // Trying it again would break its neighbours' socket again.
    if (cause.tooLarge) return tooLarge();
    // An upstream that stood for a while was no failed attempt, whether or not it had anything to say.
    if (cause.servedMs !== undefined && cause.servedMs >= options.retry.maxDelayMs) budget.reset();
    if (cause.refused) {
      log.error({ field, subgraph, reason: cause.reason }, "a subgraph refused the gateway's socket");
      fail((delivered) => [
        new SubscriptionError("UPSTREAM_REFUSED", "The source of this subscription refused the connection.", {
          cursor: resumption ? (delivered ?? null) : undefined,
        }),
      ]);
    } else if (resumption === undefined && cause.servedMs !== undefined) {
      emit({ type: "upstreamBroken", field, subgraph, reason: cause.reason, retryInMs: undefined });
      log.warn({ field, subgraph, reason: cause.reason }, "upstream subscription broke");
      fail(() => [
        new SubscriptionError(
          "STREAM_INTERRUPTED",
          "The source of this subscription was lost; events may be missing from here on.",
          { retryable: true },
        ),
      ]);
    } else {
      retry(cause.reason);
    }
  }

  function next(payload: EventPayload, bytes: number): void {
    const { data, errors } = payload;
    // A subgraph whose subscribe() was refused answers with a result that has no data at all (graphql-ws server).
    if (data === undefined && errors?.length) return refused(errors);
    // The frame is lost, and the subgraph says it can be had again: nothing else would keep the order without a gap.
    const root = data?.[plan.responseName];
    if (resumption && errors?.length && (root === undefined || root === null)) {
      const again = errors.some((each) => each.extensions?.["retryable"] === true);
      const final = codesOf(errors).some((code) => typeof code === "string" && resumption.finalCodes.has(code));
      if (again && !final) return refused(errors);
    }
    begun = true;
    const reached = resumption && readCursor(root, resumption.cursor);
    if (reached !== undefined && reached !== cursor) {
      cursor = reached;
      budget.reset();
    }
    options.onFrame(payload, reached, bytes);
  }

  async function subscribe(): Promise<void> {
    const mine = ++subscription;
    let credentials: UpstreamCredentials;
    try {
      credentials = await options.credentials();
    } catch (error) {
      if (mine !== subscription) return;
      return unusable(error);
    }
    if (mine !== subscription) return;
    try {
      release = open(credentials, mine);
    } catch (error) {
      // A header or connection parameter that cannot be sent.
      unusable(error);
    }
  }

  function unusable(error: unknown): void {
    log.error({ err: error, field, subgraph }, "credentials for a subgraph could not be had or used");
    fail((delivered) => [
      new SubscriptionError("CREDENTIALS_FAILED", "The credentials for this subscription could not be had.", {
        retryable: true,
        cursor: resumption ? (delivered ?? null) : undefined,
      }),
    ]);
  }

  function open(credentials: UpstreamCredentials, mine: number): () => void {
    const current = (act: () => void) => {
      if (mine === subscription) act();
    };
    const resume = cursor === undefined ? undefined : resumption?.operation;
    const operation = {
      query: resume?.query ?? plan.upstream.query,
      operationName: plan.upstream.operationName,
      variables: resume
        ? { ...pick(options.variables, resume.variableUsages), [resume.cursorVariable]: cursor }
        : pick(options.variables, plan.upstream.variableUsages),
      ...(credentials.extensions ? { extensions: credentials.extensions } : {}),
    };
    const bytes = Buffer.byteLength(JSON.stringify(operation));
    if (bytes > options.maxOperationBytes) {
      tooLarge();
      return () => {};
    }
    return sockets.subscribe(
      subgraph,
      plan.graph.webSocketUrls.get(subgraph) as string,
      credentials,
      operation,
      bytes,
      {
        next: (payload, bytes) => current(() => next(payload, bytes)),
        error: (errors) => current(() => refused(errors)),
        complete: () =>
          current(() => {
            leave();
            stopped = true;
            options.onComplete();
          }),
        broken: (cause) => current(() => broken(cause)),
      },
    );
  }

  void subscribe();
  return {
    stop() {
      stopped = true;
      leave();
    },
    renew() {
      if (stopped || resumption === undefined) return;
      leave();
      void subscribe();
    },
  };
}
