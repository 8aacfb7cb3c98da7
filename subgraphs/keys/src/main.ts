/** The keys subgraph: users, their devices and public keys. */
import { runProgram } from "@sealgraph/platform/program.ts";
import { configOf, variables } from "./config.ts";
import { startKeys } from "./service.ts";

await runProgram({
  name: "keys",
  summary: "subgraph of users, devices and public keys; feeds the device directory",
  variables,
  start: (values, log, registry) => startKeys(configOf(values), log, registry),
});
