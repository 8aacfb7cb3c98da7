import type { CodegenConfig } from "@graphql-codegen/cli";

/** @param mappers what resolvers pass around in place of a type's full shape. */
const resolvers = (subgraph: "keys" | "messages", mappers: Record<string, string> = {}) => ({
  [`subgraphs/${subgraph}/src/generated/schema.ts`]: {
    schema: `subgraphs/${subgraph}/schema.graphql`,
    plugins: ["typescript", "typescript-resolvers"],
    config: {
      federation: true,
      useTypeImports: true,
      enumsAsTypes: true,
      strictScalars: true,
      scalars: {
        DateTime: { input: "string", output: "string" },
        _FieldSet: "string",
        ID: { input: "string", output: "string" },
      },
      contextType: "../context.ts#Context",
      mappers,
      avoidOptionals: { field: false, inputValue: false },
      maybeValue: "T | null | undefined",
      emitLegacyCommonJSImports: false,
    },
  },
});

/** Typed resolvers for each subgraph, typed operations for the client. `npm run codegen`; `npm run check` tells drift. */
const config: CodegenConfig = {
  ignoreNoDocuments: true,
  generates: {
    ...resolvers("keys", { User: "../rows.ts#UserRow", Device: "../rows.ts#DeviceRow" }),
    ...resolvers("messages"),
    "client/src/generated/": {
      schema: "client/schema.graphql",
      documents: ["client/src/**/*.ts", "!client/src/generated/**"],
      preset: "client",
      presetConfig: { fragmentMasking: false },
      config: {
        useTypeImports: true,
        documentMode: "string",
        enumsAsTypes: true,
        strictScalars: true,
        scalars: { DateTime: "string" },
        importExtension: ".ts",
        emitLegacyCommonJSImports: false,
      },
    },
  },
};

export default config;
