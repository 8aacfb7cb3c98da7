import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What an instance remembers between runs: ports (the issuer's is part of every user's identity) and local secrets. */
export interface InstanceState {
  ports: Record<string, number>;
  /** Random, made here, for this instance only. */
  secrets: Record<string, string>;
}

const fileName = "state.json";

export function readState(folder: string): InstanceState {
  let text: string;
  try {
    text = readFileSync(join(folder, fileName), "utf8");
  } catch {
    return { ports: {}, secrets: {} };
  }
  return JSON.parse(text) as InstanceState;
}

/** Readable by its owner only, and whole or not at all. */
export function writeState(folder: string, state: InstanceState): void {
  writeFileAtomically(join(folder, fileName), JSON.stringify(state, null, 2));
}

export function writeFileAtomically(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.new`;
  writeFileSync(temporary, text, { mode: 0o600, flush: true });
  renameSync(temporary, path);
}
