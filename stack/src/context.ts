import type { InstanceState } from "./state.ts";
import type { Watchdog } from "./watchdog.ts";

/** What every part gets. */
export interface PartContext {
  instance: string;
  /** Data and logs of the instance. */
  folder: string;
  /** Ports and secrets; a part adds its own, startStack saves them. */
  state: InstanceState;
  /** False: the part starts empty. */
  keepData: boolean;
  progress(line: string): void;
  watchdog: Watchdog;
  /** What any process needs to run at all: PATH, HOME and the like. */
  baseEnv: Record<string, string>;
}

/** "0.9 s" since `startedAt` (ms since epoch). */
export function secondsSince(startedAt: number): string {
  return `${((Date.now() - startedAt) / 1000).toFixed(1)} s`;
}
