/**
 * Composes the subgraphs' schemas into what the gateway and the client are built from:
 *   subgraphs/<name>/schema.graphql  ->  gateway/supergraph.graphql  (with join specifications)
 *                                    ->  client/schema.graphql       (the API as clients see it)
 * Both files are committed, so a gateway starts without asking anybody. `--check` writes nothing and fails when either
 * is out of date.
 */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { composeServices } from "@apollo/composition";
import { parse, printSchema } from "graphql";
import { readFlags } from "./flags.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Where each subgraph listens when nothing else is said (SUBGRAPHS overrides it at the gateway). */
const subgraphUrls = {
  keys: "http://127.0.0.1:4001/graphql",
  messages: "http://127.0.0.1:4002/graphql",
} as const;

const usage = `Usage: npm run compose [-- --check]

Composes subgraphs/*/schema.graphql into gateway/supergraph.graphql and client/schema.graphql.

  --check   write nothing; fail when either file is not what the subgraphs compose to
`;

/** @returns each file's content by its path from the root, or the composition's errors as readable lines */
async function compose(): Promise<{ files: Map<string, string>; hints: string[] } | { errors: string[] }> {
  const folders = await readdir(join(root, "subgraphs"));
  const strangers = folders.filter((name) => !(name in subgraphUrls));
  if (strangers.length > 0) return { errors: [`subgraphs/${strangers.join(", ")}: scripts/compose.ts knows no URL`] };
  const services = await Promise.all(
    Object.entries(subgraphUrls).map(async ([name, url]) => {
      const text = await readFile(join(root, "subgraphs", name, "schema.graphql"), "utf8");
      return { name, url, typeDefs: parse(text) };
    }),
  );
  const result = composeServices(services);
  if (result.errors !== undefined) {
    return { errors: result.errors.map((error) => `${codeOf(error.extensions)}${error.message}`) };
  }
  const api = printSchema(result.schema.toAPISchema().toGraphQLJSSchema());
  return {
    files: new Map([
      ["gateway/supergraph.graphql", ended(result.supergraphSdl)],
      ["client/schema.graphql", ended(api)],
    ]),
    hints: result.hints.map((hint) => `${hint.definition.code}: ${hint.message}`),
  };
}

const ended = (text: string): string => `${text.trimEnd()}\n`;

function codeOf(extensions: Record<string, unknown>): string {
  return typeof extensions["code"] === "string" ? `${extensions["code"]}: ` : "";
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

const flags = readFlags("compose", usage, ["check"]);

let composed: Awaited<ReturnType<typeof compose>>;
try {
  composed = await compose();
} catch (error) {
  // A file that is missing or does not parse: graphql's own message names the place.
  composed = { errors: [String(error)] };
}

if ("errors" in composed) {
  process.stderr.write(`The subgraphs do not compose:\n${composed.errors.map((line) => `  - ${line}\n`).join("")}`);
  process.exit(1);
}

for (const hint of composed.hints) process.stderr.write(`hint: ${hint}\n`);

const outdated: string[] = [];
for (const [name, content] of composed.files) {
  const path = join(root, name);
  if ((await readIfThere(path)) === content) continue;
  outdated.push(relative(root, path));
  if (!flags.check) await writeFile(path, content);
}

if (outdated.length === 0) {
  process.stdout.write("gateway/supergraph.graphql and client/schema.graphql are up to date\n");
} else if (flags.check) {
  process.stderr.write(`Out of date: ${outdated.join(", ")}. Run \`npm run compose\` and commit the result.\n`);
  process.exit(1);
} else {
  process.stdout.write(`Wrote ${outdated.join(", ")}\n`);
}
