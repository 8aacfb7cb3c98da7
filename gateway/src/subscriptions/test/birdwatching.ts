import { composeServices } from "@apollo/composition";
import { GraphQLError, parse } from "graphql";
import type { ExecutionResult } from "graphql";
import { createSubscriptionEngine, isStream } from "../index.ts";
import type { SubscriptionEngine, SubscriptionEngineOptions, SubscriptionStream } from "../index.ts";
import { Journal } from "./journal.ts";
import { startSubgraph } from "./subgraph.ts";
import type { Call, Subgraph } from "./subgraph.ts";

export interface Entry {
  __typename: "Sighting" | "Weather" | "Remark";
  number: number;
  text?: string;
  bird?: { id: string };
  watcher?: { id: string } | null;
  /** Thrown when the entry's text is read. */
  failure?: GraphQLError;
}

const federation = `@link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@composeDirective"])`;

const sightingsTypeDefs = (directive: string, imported: string) => `
  extend schema ${federation}
    @link(url: "https://sealgraph.dev/resumable/v1.0", import: [${imported}])
    @composeDirective(name: "${directive}")
  directive ${directive}(argument: String!, cursorPath: String!, finalCodes: [String!]! = []) on FIELD_DEFINITION

  type Query { lastSighting: Sighting! }
  type Bird @key(fields: "id", resolvable: false) { id: ID! }
  type Watcher @key(fields: "id", resolvable: false) { id: ID! }
  interface Entry { position: String!  number: Int! }
  type Sighting implements Entry { position: String!  number: Int!  bird: Bird!  watcher: Watcher  text: String }
  type Weather implements Entry { position: String!  number: Int!  text: String! }
  type Remark { number: Int!  text: String! }
  union Found = Sighting | Weather | Remark
  type Envelope { meta: Meta!  sighting: Sighting! }
  type Meta { position: String! }
  type Subscription {
    found(station: String, after: String): Found!
      ${directive}(argument: "after", cursorPath: "position", finalCodes: ["STATION_CLOSED"])
    entry(after: String!): Entry ${directive}(argument: "after", cursorPath: "position")
    sighting(after: String = "0"): Sighting ${directive}(argument: "after", cursorPath: "position")
    envelope(after: String): Envelope ${directive}(argument: "after", cursorPath: "meta.position")
    live: Sighting!
    number: Int!
  }
`;

const birdsTypeDefs = `
  extend schema ${federation}
  type Query { birds: [Bird!]! }
  type Bird @key(fields: "id") { id: ID!  name: String!  wingspan: Int }
`;

const watchersTypeDefs = `
  extend schema ${federation}
  type Query { watchers: [Watcher!]! }
  type Watcher @key(fields: "id") { id: ID!  name: String!  caller: String }
`;

/** Three subgraphs: sightings has the subscriptions, its events are joined with birds and watchers. */
export interface Birdwatching {
  supergraphSdl: string;
  journal: Journal<Entry>;
  sightings: Subgraph;
  birds: Subgraph;
  watchers: Subgraph;
  /** What a query gets. */
  lastSighting: Entry | undefined;
  /** Called for each subscription: an error refuses it, `most` ends it after so many entries. */
  onSubscribe: (call: Call) => GraphQLError | { most?: number; end?: () => unknown } | undefined;
  engine(options?: Partial<SubscriptionEngineOptions<Viewer>>): SubscriptionEngine<Viewer>;
  stop(): Promise<void>;
}

export interface Viewer {
  token?: string;
}

export async function startBirdwatching(directive = "@resumable", imported = `"@resumable"`): Promise<Birdwatching> {
  const journal = new Journal<Entry>();
  const follow = {
    subscribe: (_: never, args: { after?: string | null }, call: Call) => {
      const decision = world.onSubscribe(call);
      if (decision instanceof GraphQLError) throw decision;
      return journal.follow(Number(args.after ?? 0), decision);
    },
    resolve: (event: Entry) => event,
  };
  const position = (entry: Entry) => String(entry.number);
  const text = (entry: Entry) => {
    if (entry.failure) throw entry.failure;
    return entry.text;
  };
  const sightings = await startSubgraph("sightings", sightingsTypeDefs(directive, imported), {
    Query: {
      lastSighting: () => world.lastSighting,
    },
    Subscription: {
      found: follow,
      entry: follow,
      sighting: follow,
      envelope: { ...follow, resolve: (event: Entry) => ({ meta: event, sighting: event }) },
      live: follow,
      number: { ...follow, resolve: (event: Entry) => event.number },
    } as never,
    Meta: { position },
    Sighting: { position, text },
    Weather: { position, text },
  });
  const entity = (typename: string) => (reference: { id: string }, call: Call) => {
    if (reference.id === "unknown") return null;
    if (reference.id === "broken") throw new GraphQLError("the feather fell", { extensions: { code: "FEATHER" } });
    return {
      __typename: typename,
      id: reference.id,
      name: `${typename} ${reference.id}`,
      caller: call.headers["x-token"],
    };
  };
  const birds = await startSubgraph("birds", birdsTypeDefs, { Bird: { __resolveReference: entity("Bird") as never } });
  const watchers = await startSubgraph("watchers", watchersTypeDefs, {
    Watcher: { __resolveReference: entity("Watcher") as never },
  });
  const composed = composeServices(
    [sightings, birds, watchers].map(({ name, url, typeDefs }) => ({ name, url, typeDefs: parse(typeDefs) })),
  );
  if (composed.errors) throw new AggregateError(composed.errors, composed.errors.map(String).join("\n"));
  const engines: SubscriptionEngine<Viewer>[] = [];
  const world: Birdwatching = {
    supergraphSdl: composed.supergraphSdl,
    journal,
    sightings,
    birds,
    watchers,
    lastSighting: undefined,
    onSubscribe: () => undefined,
    engine(options = {}) {
      const engine = createSubscriptionEngine<Viewer>({ supergraphSdl: composed.supergraphSdl, ...options });
      engines.push(engine);
      return engine;
    },
    async stop() {
      await Promise.all(engines.map((engine) => engine.stop()));
      await Promise.all([sightings.stop(), birds.stop(), watchers.stop()]);
    },
  };
  return world;
}

/** Sightings with these numbers, of bird bN by watcher wN. */
export function sightings(from: number, to: number): Entry[] {
  return Array.from({ length: to - from + 1 }, (_, index) => ({
    __typename: "Sighting",
    number: from + index,
    bird: { id: `b${from + index}` },
    watcher: { id: `w${from + index}` },
  }));
}

/** A stream, or the refusal as a failed assertion. */
export async function streamOf(
  engine: SubscriptionEngine<Viewer>,
  document: string,
  rest: { variables?: Record<string, unknown>; operationName?: string; context?: Viewer } = {},
): Promise<SubscriptionStream<Viewer>> {
  const result = await engine.subscribe({ document, context: {}, ...rest });
  if (!isStream(result)) throw new Error(`refused: ${JSON.stringify(result.errors)}`);
  return result;
}

/** The next results, as a client would get them: plain JSON. Fewer when the stream ends before. */
export async function take(stream: AsyncIterableIterator<ExecutionResult>, count: number): Promise<ExecutionResult[]> {
  const results: ExecutionResult[] = [];
  while (results.length < count) {
    const { done, value } = await stream.next();
    if (done) break;
    results.push(JSON.parse(JSON.stringify(value)) as ExecutionResult);
  }
  return results;
}

/** Waits for a condition, at most ten seconds. */
export async function until(condition: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > deadlineMs) throw new Error(`not in time: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
