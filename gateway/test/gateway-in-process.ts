/** The gateway's own start, in this process, on any free port. */
import { readConfig } from "@sealgraph/platform/config.ts";
import { createLog } from "@sealgraph/platform/log.ts";
import { createRegistry } from "@sealgraph/platform/metrics.ts";
import { configOf, variables } from "../src/config.ts";
import { startGateway } from "../src/gateway.ts";

/** @returns the gateway with its url */
export async function startGatewayHere(env: Record<string, string>) {
  process.env["APOLLO_TELEMETRY_DISABLED"] = "true";
  const config = configOf(readConfig(variables, { PORT: "0", ...env }));
  const running = await startGateway(config, createLog("gateway", "silent"), createRegistry("gateway"));
  return { ...running, url: running.url ?? "" };
}
