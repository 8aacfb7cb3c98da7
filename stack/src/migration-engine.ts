import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { PrismaPg } from "@prisma/adapter-pg";
import { ColumnTypeEnum, bindMigrationAwareSqlAdapterFactory } from "@prisma/driver-adapter-utils";
import type * as Wasm from "@prisma/schema-engine-wasm";
import { Pool } from "pg";

/** Prisma's schema engine as WebAssembly over the pg driver: the native one would have to be downloaded. */
export interface Engine {
  /** `owner` is the Postgres schema that holds the migration history. Throws an Error with the engine's message. */
  use<T>(
    schema: { owner: string; path: string; content: string },
    run: (engine: Wasm.SchemaEngine) => Promise<T>,
  ): Promise<T>;
}

export async function loadEngine(adminUrl: string): Promise<Engine> {
  const { SchemaEngine } = await (loaded ??= instantiate());
  return {
    async use({ owner, path, content }, run) {
      // The engine names "_prisma_migrations" without a schema: the search path puts it into the owner's.
      const pool = new EnginePool({ connectionString: adminUrl, max: 2, options: `-c search_path=${owner}` });
      const adapter = bindMigrationAwareSqlAdapterFactory(new EngineAdapter(pool, { schema: owner }));
      try {
        const engine = await SchemaEngine.new({ datamodels: [[path, content]] }, () => {}, adapter);
        try {
          return await run(engine);
        } finally {
          engine.free();
        }
      } catch (error) {
        const message = error instanceof Error ? error.message : JSON.stringify(error);
        throw new Error(`schema "${owner}": ${message}`, { cause: error });
      } finally {
        await pool.end();
      }
    },
  };
}

/** pg_type.oid of "char", the catalog's one-byte type, and of its array. */
const charOid = 18;
const charArrayOid = 1002;

/** The adapter doesn't know "char", which the engine reads when it describes a schema: it passes here as the array's type … */
class EnginePool extends Pool {
  override query: Pool["query"] = (async (...parameters: unknown[]) => {
    const run = super.query.bind(this) as (...given: unknown[]) => Promise<{ fields?: { dataTypeID: number }[] }>;
    const result = await run(...parameters);
    for (const field of result.fields ?? []) if (field.dataTypeID === charOid) field.dataTypeID = charArrayOid;
    return result;
  }) as unknown as Pool["query"];
}

/** … and gets its true type here; no catalog query returns such arrays. */
class EngineAdapter extends PrismaPg {
  override async connect() {
    const adapter = await super.connect();
    const queryRaw = adapter.queryRaw.bind(adapter);
    adapter.queryRaw = async (query) => {
      const result = await queryRaw(query);
      const { CharacterArray, Character } = ColumnTypeEnum;
      return { ...result, columnTypes: result.columnTypes.map((type) => (type === CharacterArray ? Character : type)) };
    };
    return adapter;
  }
}

/** The package's glue module holds one instance and its memory, so a second one must never be put into it. */
let loaded: Promise<typeof Wasm> | undefined;

/** Node doesn't import .wasm files without a flag, so what the package's schema_engine.js does is done here. */
async function instantiate(): Promise<typeof Wasm> {
  const glue: unknown = await import("@prisma/schema-engine-wasm/schema_engine_bg");
  const bindings = glue as typeof Wasm & Record<"__wbg_set_wasm", (exports: WebAssembly.Exports) => void>;
  const entry = createRequire(import.meta.url).resolve("@prisma/schema-engine-wasm");
  const bytes = await readFile(entry.replace(/schema_engine\.js$/, "schema_engine_bg.wasm"));
  const { instance } = await WebAssembly.instantiate(bytes, {
    "./schema_engine_bg.js": bindings as unknown as WebAssembly.ModuleImports,
  });
  bindings["__wbg_set_wasm"](instance.exports);
  (instance.exports["__wbindgen_start"] as () => void)();
  return bindings;
}
