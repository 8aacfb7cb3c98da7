/** Data keys in the database: a key's row is committed before anything is sealed under it. */
import type { DataKey } from "@sealgraph/platform/envelope.ts";
import type { Database } from "./database.ts";

export function createDataKeyStore(database: Database): {
  save(dataKey: DataKey): Promise<void>;
  /** The row may be gone (a database that was restored): the next save writes it again. */
  forget(): void;
} {
  /** The one in use; an older one does not come back. */
  let savedId: string | undefined;
  return {
    async save({ id, masterKeyId, wrapped }) {
      if (savedId === id) return;
      await database.$executeRaw`
        INSERT INTO messages.data_keys (id, master_key_id, wrapped_key) VALUES (${id}::uuid, ${masterKeyId}, ${wrapped})
        ON CONFLICT DO NOTHING`;
      savedId = id;
    },
    forget() {
      savedId = undefined;
    },
  };
}
