/** `npm run config-table`: writes CONFIGURATION.md from the programs' own declarations; `--check` tells drift. */
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { describeVariables, type Variables } from "@sealgraph/platform/config.ts";
import { errorCodes } from "@sealgraph/platform/errors.ts";
import { gatewayErrorCodes } from "../gateway/src/errors.ts";
import { variables as gateway } from "../gateway/src/config.ts";
import { variables as processor } from "../processor/src/config.ts";
import { variables as keys } from "../subgraphs/keys/src/config.ts";
import { variables as messages } from "../subgraphs/messages/src/config.ts";
import { variables as silentDevices } from "../subgraphs/keys/src/silent-devices/config.ts";
import { readFlags } from "./flags.ts";

const file = resolve(import.meta.dirname, "../CONFIGURATION.md");
const cell = (text: string) => text.replaceAll("|", "\\|");
const row = (...cells: string[]) => `| ${cells.map(cell).join(" | ")} |`;

const table = (variables: Variables) =>
  [
    row("variable", "default", "unit", "what it is"),
    row("---", "---", "---", "---"),
    ...describeVariables(variables).map((v) => row(`\`${v.name}\``, v.default, v.unit, v.description)),
  ].join("\n");

const codesTable = (codes: Record<string, { retryable: boolean; meaning: string }>) =>
  [
    row("code", "retryable", "meaning"),
    row("---", "---", "---"),
    ...Object.entries(codes).map(([code, { retryable, meaning }]) =>
      row(`\`${code}\``, retryable ? "yes" : "no", meaning),
    ),
  ].join("\n");

const programs: [name: string, what: string, variables: Variables][] = [
  ["gateway", "`gateway/src/main.ts`, the only public door", gateway],
  ["keys", "`subgraphs/keys/src/main.ts`, users and devices", keys],
  ["messages", "`subgraphs/messages/src/main.ts`, sending and the inbox", messages],
  ["revoke-silent-devices", "`npm run revoke-silent-devices`, a job for a scheduler", silentDevices],
  ["processor", "`processor/src/main.ts`, the one writer of messages", processor],
];

const text = `# Configuration

Each program reads its environment once, when it starts. A wrong or missing variable is told in one line each, all of
them at once, and the program ends with exit code 2. An empty variable counts as absent. \`--help\` prints the program's
own table. This file is made by \`npm run config-table\` from the programs' declarations; \`npm run check\` tells drift.

${programs.map(([name, what, variables]) => `## ${name}\n\n${what}.\n\n${table(variables)}\n`).join("\n")}
## Error codes

What a client finds in \`extensions.code\` of a GraphQL error, with \`extensions.retryable\`. From the subgraphs, and about
tokens from the gateway as well:

${codesTable(errorCodes)}

From the gateway itself:

${codesTable(gatewayErrorCodes)}

About a subscription, from the engine: [its README](gateway/src/subscriptions/README.md) lists them with what to do. From
GraphQL: \`GRAPHQL_PARSE_FAILED\`, \`GRAPHQL_VALIDATION_FAILED\`, not retryable.
`;

const usage = `npm run config-table [-- --check]

Writes CONFIGURATION.md from the programs' declarations.
`;
if (readFlags("config-table", usage, ["check"]).check) {
  let current = "";
  try {
    current = readFileSync(file, "utf8");
  } catch {
    // Absent is out of date.
  }
  if (current !== text) {
    process.stderr.write("CONFIGURATION.md is out of date: npm run config-table\n");
    process.exit(1);
  }
  process.stdout.write("CONFIGURATION.md is up to date.\n");
} else {
  writeFileSync(file, text);
  process.stdout.write(`Wrote ${file}\n`);
}
