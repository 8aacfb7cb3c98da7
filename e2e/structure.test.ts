import { readdirSync, readFileSync, existsSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "..");
const rooms = ["platform", "stack", "gateway", "subgraphs/keys", "subgraphs/messages", "processor", "client"] as const;
type Room = (typeof rooms)[number];

/** What a room's own code may import; its tests may also start the system. */
const mayImport: Record<Room, readonly string[]> = {
  platform: [],
  stack: ["platform"],
  gateway: ["platform"],
  "subgraphs/keys": ["platform", "prisma/keys"],
  "subgraphs/messages": ["platform", "prisma/messages"],
  processor: ["platform", "prisma/messages"],
  client: [],
};
const workspaceFolders: Record<string, string> = {
  platform: "platform",
  stack: "stack",
  gateway: "gateway",
  keys: "subgraphs/keys",
  messages: "subgraphs/messages",
  processor: "processor",
  client: "client",
};
const skipped = new Set(["node_modules", "dist", "generated", "playground", ".sealgraph"]);

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return skipped.has(entry.name) ? [] : sources(path);
    return /\.tsx?$/.test(entry.name) ? [path] : [];
  });
}

function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), "utf8");
  const specifiers = text.matchAll(
    /(?:^|\n)\s*(?:import|export)\s[^'"`]*?from\s+["']([^"']+)["']|import\(\s*["']([^"']+)["']/g,
  );
  return [...specifiers].map((match) => match[1] ?? match[2] ?? "");
}

/** The folder of this repository that an import reaches; undefined for a library. */
function target(file: string, specifier: string): string | undefined {
  if (specifier.startsWith("@sealgraph/")) return workspaceFolders[specifier.split("/")[1] ?? ""] ?? specifier;
  if (!specifier.startsWith(".")) return undefined;
  return relative(root, resolve(root, dirname(file), specifier));
}

const isTest = (file: string) => file.endsWith(".test.ts") || file.includes("/test/");

describe("the structure of the house", () => {
  it.each(rooms)("%s imports only what it may", (room) => {
    const files = sources(room).filter((file) => !isTest(file));
    expect(files.length).toBeGreaterThan(0);
    const violations = files.flatMap((file) =>
      importsOf(file)
        .map((specifier) => target(file, specifier))
        .filter((reached) => reached !== undefined)
        .filter(
          (reached) =>
            ![room, ...mayImport[room]].some((allowed) => reached === allowed || reached.startsWith(`${allowed}/`)),
        )
        .map((reached) => `${file} imports ${reached}`),
    );
    expect(violations).toEqual([]);
  });

  it("the subscription engine imports nothing of this project", () => {
    const engine = "gateway/src/subscriptions";
    const outside = sources(engine)
      .filter((file) => !isTest(file))
      .flatMap((file) => importsOf(file).map((specifier) => target(file, specifier)))
      .filter((reached) => reached !== undefined && !reached.startsWith(`${engine}/`));
    expect(outside).toEqual([]);
  });

  it("only a program's entry reads the process's environment", () => {
    const readers = ["platform", "gateway/src", "subgraphs", "processor"]
      .flatMap(sources)
      .filter((file) => !isTest(file) && !file.endsWith("/main.ts") && file !== "platform/src/program.ts")
      .filter((file) => /process\.env\b/.test(readFileSync(join(root, file), "utf8")));
    expect(readers).toEqual([]);
  });

  it.each([
    ["a frame is numbered", "processor/src/number-frames.ts"],
    ["a token is checked", "platform/src/tokens.ts"],
    ["a plan is made", "gateway/src/subscriptions/plan.ts"],
    ["a cursor is made", "subgraphs/messages/src/cursor.ts"],
    ["a mailbox is read", "subgraphs/messages/src/inbox/mailbox-reader.ts"],
    ["a message is encrypted", "client/src/suites/e2ee1/seal.ts"],
  ])("where %s has a file of that name", (_what, file) => {
    expect(existsSync(join(root, file))).toBe(true);
  });
});
