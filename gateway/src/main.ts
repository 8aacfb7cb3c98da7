import { ConfigError } from "@sealgraph/platform/config.ts";
import { runProgram } from "@sealgraph/platform/program.ts";
import { configOf, disableVendorTelemetry, environmentOf, flagsHelp, variables } from "./config.ts";
import { startGateway } from "./gateway.ts";

disableVendorTelemetry();

/** What is wrong with flags, variables or the supergraph is told in one line each, as the platform does. */
function refuse(error: unknown): never {
  if (!(error instanceof ConfigError)) throw error;
  for (const { name, problem } of error.problems) process.stderr.write(`gateway: ${name} ${problem}\n`);
  process.exit(2);
}

let env: ReturnType<typeof environmentOf>;
try {
  env = environmentOf();
} catch (error) {
  refuse(error);
}

await runProgram({
  name: "gateway",
  summary: `the public door of a federated graph, with subscriptions over graphql-transport-ws\n\n${flagsHelp}`,
  variables,
  env,
  start: async (values, log, registry) => {
    try {
      return await startGateway(configOf(values), log, registry);
    } catch (error) {
      return refuse(error);
    }
  },
});
