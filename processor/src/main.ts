/** incoming-messages -> KMS envelope -> Postgres -> outgoing-messages: the one writer of the messages schema. */
import { runProgram } from "@sealgraph/platform/program.ts";
import { configOf, variables } from "./config.ts";
import { startProcessor } from "./processor.ts";

await runProgram({
  name: "processor",
  summary: "stores, numbers and tells of every message, acknowledgement and read mark",
  variables,
  start: (values, log, registry) => startProcessor(configOf(values), log, registry),
});
