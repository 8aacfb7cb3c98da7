import { collectDefaultMetrics, Registry } from "prom-client";

/** A registry with the process's own metrics, each labelled with the program's name. */
export function createRegistry(program: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ program });
  collectDefaultMetrics({ register: registry });
  return registry;
}
