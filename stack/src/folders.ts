import { chmodSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root. */
export const repositoryRoot = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Everything the stack writes is below this folder (and, for Postgres run by root, the temp folder). */
const stackFolder = join(repositoryRoot, ".sealgraph");

/** What is downloaded once and shared by all instances. */
export function cacheFolder(): string {
  return makeFolder(join(stackFolder, "cache"));
}

/** Data, logs, state and lock of one instance. Throws TypeError for a name that is no folder name. */
export function instanceFolder(instance: string): string {
  if (!/^[a-z][a-z0-9-]{0,40}$/.test(instance) || instance === "cache") {
    throw new TypeError(`"${instance}" cannot name an instance: use a-z, 0-9 and "-", starting with a letter`);
  }
  return makeFolder(join(stackFolder, instance));
}

/** Others may pass through (Postgres runs as another user when we are root) but not list. */
function makeFolder(path: string): string {
  mkdirSync(path, { recursive: true });
  chmodSync(stackFolder, 0o711);
  chmodSync(path, 0o711);
  return path;
}
