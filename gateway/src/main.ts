import { runProgram } from "@sealgraph/platform/program.ts";
import { configOf, environmentOf, flagsHelp, variables } from "./config.ts";
import { startGateway } from "./gateway.ts";

// @apollo/gateway reads this when it is made, and would otherwise report to its maker every hour.
process.env["APOLLO_TELEMETRY_DISABLED"] = "true";

await runProgram({
  name: "gateway",
  summary: `the public door of a federated graph, with subscriptions over graphql-transport-ws\n\n${flagsHelp}`,
  variables,
  env: () => environmentOf(process.argv.slice(2), process.env),
  start: (values, log, registry) => startGateway(configOf(values), log, registry),
});
