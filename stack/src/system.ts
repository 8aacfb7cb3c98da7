import { join } from "node:path";
import { secondsSince } from "./context.ts";
import type { ProcessEnd } from "./managed-process.ts";
import { preferPort } from "./ports.ts";
import { launchProgram, type ProgramProcess } from "./program-process.ts";
import { startStack, type ProgramName, type Stack, type StackOptions } from "./stack.ts";
import { writeState } from "./state.ts";

export interface SystemOptions extends StackOptions {
  /** Environment of single programs, over what the stack sets. */
  overrides?: Partial<Record<ProgramName, Record<string, string>>>;
  /** Ends starting: startSystem stops what runs, then throws. Has no effect afterwards. */
  signal?: AbortSignal;
  /** Taken by an instance that has had no ports yet, where they are free. */
  usualPorts?: Partial<Record<ProgramName, number>>;
}

/** A running (or killed) program of the system. */
export interface Program {
  readonly name: ProgramName;
  /** As the program says; undefined for the processor. */
  readonly url: string | undefined;
  /** Where /metrics, /healthz and /readyz are; another port after each start. */
  readonly metricsUrl: string | undefined;
  /** Of the latest start. */
  readonly pid: number;
  readonly logFile: string;
  /** Of the latest start: resolves when that process is gone. */
  readonly exited: Promise<ProcessEnd>;
  /** Resolves when the process is gone; at once for SIGSTOP and SIGCONT. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Again, on the same port; `env` goes over the environment of the first start. Does nothing while it runs. */
  start(env?: Record<string, string>): Promise<void>;
  /** SIGTERM, and SIGKILL when that takes too long. */
  stop(): Promise<void>;
}

export interface System {
  stack: Stack;
  programs: Record<ProgramName, Program>;
  /** http://127.0.0.1:N */
  gatewayUrl: string;
  /** In the order in which nothing is lost: gateway, messages and keys, processor, then the stack's parts. */
  stop(): Promise<void>;
}

/** Starts the stack and the four programs, each once it has said that it is ready. On a failure nothing stays running. */
export async function startSystem(options: SystemOptions): Promise<System> {
  const stack = await startStack(options);
  const failing = new AbortController();
  const signal = options.signal === undefined ? failing.signal : AbortSignal.any([failing.signal, options.signal]);
  const { context } = stack;
  const programs: Partial<Record<ProgramName, Program>> = {};
  let stopping: Promise<void> | undefined;
  const stop = () =>
    (stopping ??= (async () => {
      await programs.gateway?.stop();
      await Promise.all([programs.messages?.stop(), programs.keys?.stop()]);
      await programs.processor?.stop();
      await stack.stop();
    })());

  try {
    const [keysPort, messagesPort, gatewayPort] = await takePorts(
      stack,
      ["keys", "messages", "gateway"],
      options.usualPorts ?? {},
    );
    const start = async (name: ProgramName, env: Record<string, string>) => {
      const environment = { ...stack.environmentOf(name), ...env, ...options.overrides?.[name] };
      try {
        programs[name] = await startProgram(stack, name, environment, signal);
      } catch (error) {
        // One that failed keeps the others from ever being ready; the first reason is the one to tell.
        failing.abort(error);
      }
    };
    // All have settled before anything is stopped, so nothing is still starting then.
    await Promise.all([
      start("keys", { PORT: String(keysPort) }),
      start("messages", { PORT: String(messagesPort) }),
      start("processor", {}),
    ]);
    signal.throwIfAborted();
    await start("gateway", {
      PORT: String(gatewayPort),
      SUBGRAPHS: `keys=http://127.0.0.1:${keysPort}/graphql,messages=http://127.0.0.1:${messagesPort}/graphql`,
    });
    signal.throwIfAborted();
    writeState(stack.folder, context.state);
    return {
      stack,
      programs: programs as Record<ProgramName, Program>,
      gatewayUrl: `http://127.0.0.1:${gatewayPort}`,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startProgram(
  stack: Stack,
  name: ProgramName,
  env: Record<string, string>,
  starting: AbortSignal,
): Promise<Program> {
  const logFile = join(stack.folder, `${name}.log`);
  const launch = async (extra: Record<string, string>, signal?: AbortSignal): Promise<ProgramProcess> => {
    const startedAt = Date.now();
    const launched = await launchProgram(stack.context, name, { ...env, ...extra }, logFile, signal);
    stack.context.progress(
      `${name}: ready${launched.url === undefined ? "" : ` on ${launched.url}`} in ${secondsSince(startedAt)}`,
    );
    return launched;
  };
  let current = await launch({}, starting);
  return {
    name,
    get url() {
      return current.url;
    },
    get metricsUrl() {
      return current.metricsUrl;
    },
    get pid() {
      return current.process.pid;
    },
    get exited() {
      return current.process.exited;
    },
    logFile,
    kill: (signal) => current.process.kill(signal),
    async start(extra = {}) {
      if (current.process.end !== null) current = await launch(extra);
    },
    stop: () => current.process.stop(),
  };
}

/** The ports of the last run where they are free, so that addresses stay. */
async function takePorts(
  stack: Stack,
  names: ProgramName[],
  usual: Partial<Record<ProgramName, number>>,
): Promise<number[]> {
  const { ports } = stack.context.state;
  const taken: number[] = [];
  for (const name of names) {
    let port = await preferPort(ports[name] ?? usual[name]);
    while (taken.includes(port)) port = await preferPort(undefined);
    ports[name] = port;
    taken.push(port);
  }
  return taken;
}
