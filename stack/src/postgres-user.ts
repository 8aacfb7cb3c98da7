import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { repositoryRoot } from "./folders.ts";

/** Where Postgres can live: its binaries, its data, and the user it runs as when that is not ours. */
export interface PostgresHome {
  /** Has bin/initdb and bin/postgres. */
  nativeFolder: string;
  dataParent: string;
  user?: { uid: number; gid: number };
  /** Removed with a throw-away instance. */
  temporary: boolean;
}

/** Postgres refuses to run as root; any of these will do, and both are on practically every Linux. Never created by us. */
const acceptedUsers = ["postgres", "nobody"];

/**
 * As root the process needs another user, and a clone below a folder of mode 0700 (/root, mktemp -d) is closed to that
 * user: then binaries and data live in the temp folder, in one that only root can write.
 */
export function findPostgresHome(nativeFolder: string, instanceFolder: string, instance: string): PostgresHome {
  if (process.getuid?.() !== 0) return { nativeFolder, dataParent: instanceFolder, temporary: false };
  const user = findUser();
  if (canRun(nativeFolder, user) && canPass(instanceFolder, user)) {
    return { nativeFolder, dataParent: instanceFolder, user, temporary: false };
  }
  const clone = createHash("sha256").update(repositoryRoot).digest("hex").slice(0, 12);
  for (const parent of new Set([tmpdir(), "/tmp"])) {
    if (!canPass(parent, user)) continue;
    const base = ownFolder(join(parent, `sealgraph-${clone}`));
    const dataParent = ownFolder(join(base, instance));
    // Each instance has its own copy (60 MB), so that one that ends can remove everything that was its.
    const copy = join(dataParent, "native");
    copyOnce(nativeFolder, copy);
    if (canRun(copy, user)) return { nativeFolder: copy, dataParent, user, temporary: true };
  }
  throw new Error(
    `Postgres can't run: as root it needs a folder that the user with id ${user.uid} can enter, and neither the clone nor ${tmpdir()} is one. ` +
      "Run as another user, or set DATABASE_URL_ADMIN to use a database of your own.",
  );
}

function findUser(): { uid: number; gid: number } {
  const lines = readFileSync("/etc/passwd", "utf8").split("\n");
  for (const name of acceptedUsers) {
    const fields = lines.find((line) => line.startsWith(`${name}:`))?.split(":");
    if (fields?.[2] !== undefined && fields[3] !== undefined) return { uid: Number(fields[2]), gid: Number(fields[3]) };
  }
  throw new Error(
    `Postgres can't run as root, and there is neither a user "postgres" nor "nobody" to run it as. ` +
      "Run as another user, or set DATABASE_URL_ADMIN to use a database of your own.",
  );
}

function canRun(nativeFolder: string, user: { uid: number; gid: number }): boolean {
  return spawnSync(join(nativeFolder, "bin/postgres"), ["--version"], { ...user, cwd: "/", env: {} }).status === 0;
}

/** Asks the kernel, in a process of that user, rather than guessing from modes. */
function canPass(folder: string, user: { uid: number; gid: number }): boolean {
  return (
    spawnSync("/bin/sh", ["-c", 'cd "$1" && test -x .', "sh", folder], { ...user, cwd: "/", env: {} }).status === 0
  );
}

/** The name can be guessed by others on the machine: refuse what we didn't make. */
function ownFolder(path: string): string {
  mkdirSync(path, { recursive: true, mode: 0o711 });
  const stat = lstatSync(path);
  if (!stat.isDirectory() || stat.uid !== 0) throw new Error(`${path} is not ours: remove it`);
  chmodSync(path, 0o711);
  return path;
}

function copyOnce(from: string, to: string): void {
  if (existsSync(to)) return;
  const temporary = `${to}.new`;
  rmSync(temporary, { recursive: true, force: true });
  cpSync(from, temporary, { recursive: true, verbatimSymlinks: true });
  spawnSync("chmod", ["-R", "go+rX", temporary]);
  renameSync(temporary, to);
}

/** Removes what a throw-away instance had in the temp folder, and the clone's folder there once it is empty. */
export function removeTemporary(home: PostgresHome): void {
  if (!home.temporary) return;
  rmSync(home.dataParent, { recursive: true, force: true });
  try {
    rmdirSync(dirname(home.dataParent));
  } catch {
    // Another instance still has its data there.
  }
}
