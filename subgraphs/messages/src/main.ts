import { runProgram } from "@sealgraph/platform/program.ts";
import { variables } from "./config.ts";
import { start } from "./start.ts";

await runProgram({
  name: "messages",
  summary: "the messages subgraph: accepts messages, and delivers each device's mailbox by subscription",
  variables,
  start,
});
