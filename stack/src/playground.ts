/** The playground's pages, built once and again when their sources have changed; the gateway serves what is there. */
import { spawn } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "./folders.ts";

const folder = join(repositoryRoot, "gateway/playground");
export const playgroundPage = join(folder, "dist/index.html");

/** Resolves to whether the pages are there. Without them everything but the playground works, so a failure is only told. */
export async function buildPlayground(progress: (line: string) => void): Promise<boolean> {
  if (isCurrent()) return true;
  progress("Playground: building it (once) …");
  const build = spawn("npm", ["run", "-s", "playground:build"], {
    cwd: repositoryRoot,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let problem = "";
  build.stderr.on("data", (chunk) => (problem = (problem + String(chunk)).slice(-2_000)));
  const code = await new Promise<number | null>((resolve) => {
    build.once("error", () => resolve(null));
    build.once("close", resolve);
  });
  progress(code === 0 ? "Playground: built" : `Playground: could not be built; going on without it.\n${problem}`);
  return code === 0;
}

function isCurrent(): boolean {
  if (!existsSync(playgroundPage)) return false;
  const builtAt = statSync(playgroundPage).mtimeMs;
  const sources = readdirSync(join(folder, "src")).map((name) => join(folder, "src", name));
  return [...sources, join(folder, "index.html"), join(folder, "vite.config.ts")].every(
    (file) => statSync(file).mtimeMs <= builtAt,
  );
}
