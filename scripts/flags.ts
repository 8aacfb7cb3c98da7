import { parseArgs } from "node:util";

/**
 * The flags of a script of this folder: `--help` prints the usage and ends with 0, what is unknown ends with 2.
 * @param names flags without a value, such as check.
 */
export function readFlags<const N extends string>(
  command: string,
  usage: string,
  names: readonly N[],
): Record<N, boolean> {
  const options = Object.fromEntries(["help", ...names].map((name) => [name, { type: "boolean" as const }]));
  let values: Record<string, unknown>;
  try {
    ({ values } = parseArgs({ options }));
  } catch (error) {
    process.stderr.write(`${command}: ${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    process.exit(2);
  }
  if (values["help"] === true) {
    process.stdout.write(usage);
    process.exit(0);
  }
  return Object.fromEntries(names.map((name) => [name, values[name] === true])) as Record<N, boolean>;
}
