/**
 * `npm run codegen`: Prisma clients (not committed, made after every install), typed resolvers and typed operations
 * (committed). `--check` makes them again and fails when a committed file would change.
 */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { readFlags } from "./flags.ts";

const root = resolve(import.meta.dirname, "..");
const generated = ["subgraphs/keys/src/generated", "subgraphs/messages/src/generated", "client/src/generated"];

function run(command: string, args: string[], env: Record<string, string> = {}) {
  const result = spawnSync(join(root, "node_modules/.bin", command), args, {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, ...env },
  });
  if (result.status === 0) return;
  process.stderr.write(`${result.stdout ?? ""}${result.stderr ?? ""}\n${command} failed.\n`);
  process.exit(1);
}

function snapshot(): Map<string, string> {
  const files = generated.flatMap((folder) => readdirSync(join(root, folder)).map((name) => join(folder, name)));
  return new Map(files.map((file) => [file, readFileSync(join(root, file), "utf8")]));
}

const usage = `npm run codegen [-- --check]

Makes Prisma clients, typed resolvers and typed operations.
`;
const { check } = readFlags("codegen", usage, ["check"]);
const before = check ? snapshot() : undefined;
for (const owner of ["keys", "messages"])
  // Generating asks for a schema engine that it doesn't use, and would download it; any existing file will do.
  run("prisma", ["generate", "--schema", `prisma/${owner}/schema.prisma`], {
    PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
    PRISMA_HIDE_UPDATE_MESSAGE: "1",
  });
run("graphql-codegen", ["--config", "codegen.ts"]);
if (before === undefined) process.stdout.write("Generated: Prisma clients, typed resolvers, typed operations.\n");
else {
  const changed = [...snapshot()].filter(([file, text]) => before.get(file) !== text).map(([file]) => file);
  if (changed.length > 0) {
    process.stderr.write(`Generated files were out of date: ${changed.join(", ")}. They are made anew; commit them.\n`);
    process.exit(1);
  }
  process.stdout.write("Generated files are up to date.\n");
}
