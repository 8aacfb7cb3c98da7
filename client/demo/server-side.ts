/** What the server has: records on Kafka and rows in Postgres, as an administrator sees them. */
import { randomUUID } from "node:crypto";
import { Kafka, logLevel } from "kafkajs";
import { Client } from "pg";

/** A record as it lies in the log. */
export interface SeenRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly key: string;
  readonly value: string;
}

export interface KafkaTap {
  readonly records: readonly SeenRecord[];
  stop(): Promise<void>;
}

/** Everything on the topics through which messages go, from the beginning. */
export async function tapKafka(brokers: string[]): Promise<KafkaTap> {
  const kafka = new Kafka({ brokers, clientId: "demo", logLevel: logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId: `demo-${randomUUID()}`, maxWaitTimeInMs: 200 });
  const records: SeenRecord[] = [];
  await consumer.connect();
  await consumer.subscribe({ topics: ["incoming-messages", "outgoing-messages", "dead-letters"], fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ topic, partition, message }) => {
      const { offset } = message;
      records.push({ topic, partition, offset, key: String(message.key), value: String(message.value) });
    },
  });
  return {
    records,
    stop: () => consumer.disconnect(),
  };
}

export interface StoredRows {
  /** Hex. */
  readonly sealedBody: string;
  readonly dataKeyId: string;
  readonly masterKeyId: string;
  /** Hex. */
  readonly wrappedKey: string;
  readonly frames: readonly { deviceId: string; seq: string; sealedHeader: string }[];
}

export class Database {
  readonly #client: Client;

  constructor(url: string) {
    this.#client = new Client({ connectionString: url });
  }

  async connect(): Promise<void> {
    await this.#client.connect();
  }

  /** Undefined while the processor has not stored it. */
  async message(id: string): Promise<StoredRows | undefined> {
    const { rows } = await this.#client.query(
      `SELECT encode(m.sealed_body, 'hex') AS "sealedBody", m.data_key_id AS "dataKeyId",
              k.master_key_id AS "masterKeyId", encode(k.wrapped_key, 'hex') AS "wrappedKey"
         FROM messages.messages m JOIN messages.data_keys k ON k.id = m.data_key_id WHERE m.id = $1`,
      [id],
    );
    const row = rows[0] as Omit<StoredRows, "frames"> | undefined;
    if (row === undefined) return undefined;
    const frames = await this.#client.query(
      `SELECT device_id AS "deviceId", seq, encode(sealed_header, 'hex') AS "sealedHeader"
         FROM messages.frames WHERE message_id = $1 AND kind = 'message'`,
      [id],
    );
    return { ...row, frames: frames.rows as StoredRows["frames"] };
  }

  /** Every row of both schemas as text, bytea as hex: what somebody reads who has all of the database. */
  async everything(): Promise<{ table: string; rows: string[] }[]> {
    const { rows: tables } = await this.#client.query<{ name: string }>(
      `SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables
        WHERE table_schema IN ('keys', 'messages') AND table_type = 'BASE TABLE' ORDER BY 1`,
    );
    const found: { table: string; rows: string[] }[] = [];
    for (const { name } of tables) {
      const { rows } = await this.#client.query<{ row: string }>(`SELECT to_jsonb(t)::text AS row FROM ${name} t`);
      found.push({ table: name, rows: rows.map(({ row }) => row) });
    }
    return found;
  }

  close(): Promise<void> {
    return this.#client.end();
  }
}
