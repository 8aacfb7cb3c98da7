import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { instanceFolder } from "./folders.ts";
import { lockHolder } from "./lock.ts";
import { writeFileAtomically } from "./state.ts";

/** Where a running instance can be reached, for commands in other terminals. */
export interface RunningInstance {
  gatewayUrl: string;
  oidcIssuer: string;
}

const fileName = "running.json";

export function announceRunning(folder: string, running: RunningInstance): void {
  writeFileAtomically(join(folder, fileName), JSON.stringify(running, null, 2));
}

export function withdrawRunning(folder: string): void {
  rmSync(join(folder, fileName), { force: true });
}

/** "starting" while it is not ready yet (or stopping already); null when nobody runs it. */
export function findRunning(instance: string): RunningInstance | "starting" | null {
  const folder = instanceFolder(instance);
  if (lockHolder(folder) === null) return null;
  try {
    return JSON.parse(readFileSync(join(folder, fileName), "utf8")) as RunningInstance;
  } catch {
    return "starting";
  }
}
