/** What the operations work with, wired by hand in start.ts. */
import type { Opener } from "@sealgraph/platform/envelope.ts";
import type { LogProducer } from "@sealgraph/platform/kafka.ts";
import type { Log } from "@sealgraph/platform/log.ts";
import type { Config } from "./config.ts";
import type { Cursors } from "./cursor.ts";
import type { Directory } from "./directory.ts";
import type { Subscribers } from "./inbox/subscribers.ts";
import type { Metrics } from "./metrics.ts";
import type { Conversations } from "./store/conversations.ts";
import type { Mailboxes } from "./store/mailboxes.ts";
import type { Store } from "./store/store.ts";

export interface Services {
  readonly config: Config;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly directory: Directory;
  readonly producer: LogProducer;
  readonly store: Store;
  readonly mailboxes: Mailboxes;
  readonly conversations: Conversations;
  /** The content hash under a message id; null when the id is free. Gathered over concurrent requests. */
  readonly acceptedHash: (messageId: string) => Promise<string | null>;
  readonly opener: Opener;
  readonly cursors: Cursors;
  readonly subscribers: Subscribers;
}
