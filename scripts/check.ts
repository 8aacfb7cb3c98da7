/** `npm run check`: everything that can be told without running the system. All checks run; any failure fails it. */
import { spawnSync } from "node:child_process";
import { join, resolve } from "node:path";
import { readFlags } from "./flags.ts";

const root = resolve(import.meta.dirname, "..");
const checks: [name: string, command: string[]][] = [
  ["supergraph up to date", ["node", "scripts/compose.ts", "--check"]],
  ["generated files up to date", ["node", "scripts/codegen.ts", "--check"]],
  ["configuration table up to date", ["node", "scripts/config-table.ts", "--check"]],
  ["types", ["tsc", "-p", "tsconfig.json"]],
  ["types of the playground", ["tsc", "-p", "gateway/playground/tsconfig.json"]],
  ["lint", ["oxlint"]],
  ["format", ["oxfmt", "--check", "."]],
  ["unused code", ["knip"]],
];

readFlags(
  "check",
  `npm run check

Runs: ${checks.map(([name]) => name).join("; ")}.
`,
  [],
);
const failed: string[] = [];
for (const [name, [command = "", ...args]] of checks) {
  const started = performance.now();
  const result = spawnSync(join(root, "node_modules/.bin", command), args, { cwd: root, encoding: "utf8" });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const ok = result.status === 0;
  process.stdout.write(`${ok ? "ok    " : "FAILED"}  ${name} (${seconds} s)\n`);
  if (ok) continue;
  failed.push(name);
  process.stdout.write(`${result.stdout}${result.stderr}\n`);
}
if (failed.length > 0) {
  process.stderr.write(`${failed.length} of ${checks.length} checks failed: ${failed.join(", ")}.\n`);
  process.exit(1);
}
process.stdout.write(`All ${checks.length} checks passed.\n`);
