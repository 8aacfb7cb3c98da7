import type { SubgraphContext } from "@sealgraph/platform/subgraph-server.ts";
import type { Limits } from "./config.ts";
import type { Database } from "./database.ts";
import type { Loaders } from "./loaders.ts";

/** What the operations work with, for as long as the program runs. */
export interface Keys {
  readonly database: Database;
  readonly limits: Limits;
  /** Tells the relay of this process that the outbox has something, after the commit. */
  directoryChanged(): void;
}

/** What one operation works with. */
export interface Context extends SubgraphContext {
  readonly keys: Keys;
  readonly loaders: Loaders;
}
