import { GraphQLError } from "graphql";
import type { ExecutionResult } from "graphql";
import { SubscriptionError } from "./errors.ts";
import { FrameQueue } from "./frame-queue.ts";
import type { EventPayload } from "./event-execution.ts";
import type { EngineEvent } from "./options.ts";
import type { SubscriptionPlan } from "./plan.ts";
import type { UpstreamStream, UpstreamStreamOptions } from "./upstream-stream.ts";

/**
 * A running subscription. Results come in order. A result with errors but no `data` property is the last one: it says
 * why the stream ended. It never throws.
 */
export interface SubscriptionStream<Context extends object> extends AsyncIterableIterator<ExecutionResult> {
  /** The name of the root field. */
  readonly field: string;
  /** Whether the field is resumable. */
  readonly resumable: boolean;
  /** The cursor of the last result delivered, else the client's own argument, else null. */
  readonly cursor: unknown;
  /** Goes on with a renewed context: for joins from now on, and upstream by resubscribing when the field is resumable. */
  renew(context: Context): void;
  /** Ends the stream with this error; `extensions.cursor` is added when the field is resumable. What waits is dropped. */
  end(error: GraphQLError): void;
}

export interface StreamOptions<Context extends object> {
  plan: SubscriptionPlan;
  context: Context;
  /** The client's own value for the cursor argument, if it gave one. */
  firstCursor: unknown;
  queueFrames: number;
  queueBytes: number;
  joinsAhead: number;
  execute(event: EventPayload, context: Context): ExecutionResult | Promise<ExecutionResult>;
  open(context: () => Context, on: Pick<UpstreamStreamOptions, "onFrame" | "onComplete" | "onFailed">): UpstreamStream;
  emit(event: EngineEvent): void;
  onClosed(): void;
}

interface Frame {
  payload: EventPayload | undefined;
  cursor: unknown;
  started: boolean;
  result: ExecutionResult | undefined;
}

/** A client's end of a subscription: upstream frames wait in a bounded queue, are joined in parallel, delivered in order. */
export function openStream<Context extends object>(options: StreamOptions<Context>): SubscriptionStream<Context> {
  const { plan, emit } = options;
  const field = plan.field.name;
  const resumable = plan.resumption !== undefined;
  const queue = new FrameQueue<Frame>(options.queueFrames, options.queueBytes);
  // graphql-ws asks for one at a time; whoever asks for more gets them in order.
  const demand: ((result: IteratorResult<ExecutionResult>) => void)[] = [];
  let context = options.context;
  let cursor = options.firstCursor ?? null;
  let ending: (() => readonly GraphQLError[]) | undefined;
  let finished = false;

  function start(frame: Frame): void {
    if (frame.started || frame.payload === undefined) return;
    frame.started = true;
    const result = options.execute(frame.payload, context);
    frame.payload = undefined;
    if (!(result instanceof Promise)) {
      frame.result = result;
      return;
    }
    // executeEvent never rejects.
    void result.then((settled) => {
      frame.result = settled;
      pump();
    });
  }

  function finish(code: string | undefined): void {
    if (finished) return;
    finished = true;
    upstream.stop();
    queue.clear();
    emit({ type: "ended", field, subgraph: plan.subgraph, code });
    options.onClosed();
    for (const resolve of demand.splice(0)) resolve({ done: true, value: undefined });
  }

  function pump(): void {
    if (!plan.direct) {
      for (let ahead = 0; ahead < options.joinsAhead; ahead += 1) {
        const frame = queue.at(ahead);
        if (frame === undefined) break;
        start(frame);
      }
    }
    while (demand.length > 0 && !finished) {
      const frame = queue.at(0);
      if (frame === undefined) {
        if (ending === undefined) return;
        const errors = ending();
        if (errors.length > 0) demand.shift()?.({ done: false, value: { errors } });
        finish(errors[0]?.extensions?.["code"] as string | undefined);
        return;
      }
      start(frame);
      if (frame.result === undefined) return;
      queue.shift();
      cursor = frame.cursor ?? cursor;
      demand.shift()?.({ done: false, value: frame.result });
    }
  }

  function cut(errors: () => readonly GraphQLError[]): void {
    if (finished) return;
    upstream.stop();
    queue.clear();
    ending = errors;
    pump();
  }

  const upstream = options.open(() => context, {
    onFrame(payload, frameCursor, bytes) {
      if (finished || ending) return;
      emit({ type: "frame", field, bytes });
      if (queue.push({ payload, cursor: frameCursor, started: false, result: undefined }, bytes)) return pump();
      cut(() => [
        new SubscriptionError("LAGGED", "The reader fell too far behind this subscription.", {
          retryable: resumable,
          cursor: resumable ? cursor : undefined,
        }),
      ]);
    },
    onComplete() {
      ending ??= () => [];
      pump();
    },
    onFailed(errors) {
      ending ??= () => errors(cursor);
      pump();
    },
  });

  return {
    field,
    resumable,
    get cursor() {
      return cursor;
    },
    next() {
      if (finished) return Promise.resolve({ done: true, value: undefined });
      return new Promise((resolve) => {
        demand.push(resolve);
        pump();
      });
    },
    return() {
      finish(undefined);
      return Promise.resolve({ done: true, value: undefined });
    },
    throw() {
      finish(undefined);
      return Promise.resolve({ done: true, value: undefined });
    },
    renew(renewed) {
      if (finished || ending) return;
      context = renewed;
      upstream.renew();
    },
    end(error) {
      cut(() => [
        resumable && error.extensions?.["cursor"] === undefined
          ? new GraphQLError(error.message, {
              path: error.path ?? null,
              originalError: error,
              extensions: { ...error.extensions, cursor },
            })
          : error,
      ]);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
