import { e2ee1 } from "./e2ee1/index.ts";
import { SuiteError } from "./errors.ts";
import type { Suite } from "./suite.ts";

/** The suite that new devices and new conversations take. */
export const defaultSuite: Suite = e2ee1;

const suites: ReadonlyMap<string, Suite> = new Map([[e2ee1.name, e2ee1]]);

/**
 * @param pinned the suite last used in the conversation, when there was one.
 * @throws SuiteError SUITE_UNKNOWN, or SUITE_WEAKER for a step back.
 */
export function suiteNamed(name: string, pinned?: string): Suite {
  const suite = suites.get(name);
  if (suite === undefined) throw new SuiteError("SUITE_UNKNOWN", name);
  const floor = pinned === undefined ? undefined : suites.get(pinned);
  if (floor !== undefined && suite.rank < floor.rank)
    throw new SuiteError("SUITE_WEAKER", `${name} after ${floor.name}`);
  return suite;
}
