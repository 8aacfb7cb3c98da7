/** One JSON line per event on standard output. Tokens, keys and bodies are never given to it. */
import { pino } from "pino";

export type Log = pino.Logger;

export function createLog(name: string, level: string): Log {
  return pino({
    name,
    level,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    // A last net, not the rule: these fields never belong in a log.
    redact: { paths: ["authorization", "*.authorization", "token", "*.token", "password", "*.password"], remove: true },
  });
}
