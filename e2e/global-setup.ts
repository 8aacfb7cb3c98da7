/** Starts the whole system once for the run; tests get its addresses by `inject("system")`. */
import { buildPlayground } from "@sealgraph/stack/playground.ts";
import { startSystem } from "@sealgraph/stack/system.ts";
import type { TestProject } from "vitest/node";
import { serveControl } from "./control.ts";

/** Plain data: it crosses from vitest's process to its workers. */
export interface SystemUnderTest {
  readonly databaseUrls: { admin: string; keys: string; messages: string; processor: string; maintenance: string };
  readonly kafkaBrokers: string[];
  readonly kmsEndpoint: string;
  readonly kmsKeyId: string;
  readonly oidcIssuer: string;
  readonly keysUrl: string;
  readonly messagesUrl: string;
  readonly gatewayUrl: string;
  /** Where programs are killed and started again (control.ts). */
  readonly controlUrl: string;
  /** For SIGSTOP and SIGCONT. */
  readonly kafkaPid: number;
}

declare module "vitest" {
  export interface ProvidedContext {
    system: SystemUnderTest;
  }
}

export default async function setup(project: TestProject) {
  const started = performance.now();
  const progress = (line: string) => process.stdout.write(`  ${line}\n`);
  progress("Starting the system under test");
  await buildPlayground(progress); // a browser test opens it
  const system = await startSystem({ instance: "test", progress });
  progress(`System under test ready after ${((performance.now() - started) / 1000).toFixed(1)} s`);
  const control = await serveControl(system);
  const { stack, programs, gatewayUrl } = system;
  project.provide("system", {
    databaseUrls: stack.databaseUrls,
    kafkaBrokers: stack.kafkaBrokers,
    kmsEndpoint: stack.kmsEndpoint,
    kmsKeyId: stack.kmsKeyId,
    oidcIssuer: stack.oidcIssuer,
    keysUrl: programs.keys.url ?? "",
    messagesUrl: programs.messages.url ?? "",
    gatewayUrl,
    controlUrl: control.url,
    kafkaPid: stack.kafka?.pid ?? 0,
  });
  return async () => {
    control.stop();
    await system.stop();
  };
}
