import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const source = fileURLToPath(new URL("../src/", import.meta.url));
const specifiers = (file: string) =>
  [...readFileSync(file, "utf8").matchAll(/^(?:import|export)[^;]*?\sfrom\s+"([^"]+)"/gm)].map(
    ([, name]) => name ?? "",
  );

test("what index.ts reaches imports nothing of Node, so that it runs in browsers", () => {
  const waiting = [join(source, "index.ts")];
  const reached = new Set<string>();
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (reached.has(file)) continue;
    reached.add(file);
    for (const name of specifiers(file)) {
      expect(name, relative(source, file)).not.toMatch(/^node:/);
      if (name.startsWith(".")) waiting.push(resolve(dirname(file), name));
    }
  }
  expect(reached.size).toBeGreaterThan(20);
});

test("the client imports no service and not the platform", () => {
  const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
  for (const name of files) {
    for (const specifier of specifiers(join(source, name))) expect(specifier, name).not.toMatch(/^@sealgraph\//);
  }
  expect(files.length).toBeGreaterThan(20);
});
