import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { PartContext } from "./context.ts";
import { cacheFolder, repositoryRoot } from "./folders.ts";

export const kafkaVersion = "4.1.1";
const lowestJava = 17;
const fetchTimeoutMs = 300_000;
const instead = "or set KAFKA_BROKERS to use brokers of your own";

/** The folder of Kafka's jars, fetched from Maven the first time. Throws when Java or Maven is missing, naming what to install. */
export async function kafkaJars({ progress, baseEnv }: Pick<PartContext, "progress" | "baseEnv">): Promise<string> {
  await checkJava(baseEnv);
  const jars = join(cacheFolder(), `kafka-${kafkaVersion}`);
  if (existsSync(jars)) return jars;
  progress("Kafka: fetching its jars from Maven (once, 43 MB) …");
  const temporary = `${jars}.${process.pid}`;
  mkdirSync(temporary, { recursive: true });
  try {
    const pom = join(repositoryRoot, "stack/kafka/pom.xml");
    const mvn = await run(
      "mvn",
      [
        "-q",
        "-B",
        "-f",
        pom,
        "dependency:copy-dependencies",
        "-DincludeScope=runtime",
        `-DoutputDirectory=${temporary}`,
      ],
      baseEnv,
      fetchTimeoutMs,
    );
    if (mvn === null) throw new Error(`Kafka: Maven (mvn) is needed to fetch Kafka once: install Maven 3, ${instead}`);
    if (mvn.code !== 0) {
      throw new Error(
        `Kafka: Maven could not fetch the jars; ${instead}.\n${mvn.output.split("\n").slice(-12).join("\n")}`,
      );
    }
    putInPlace(temporary, jars);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  progress(`Kafka: fetched ${readdirSync(jars).length} jars`);
  return jars;
}

/** Whole or not at all: another run may be doing the same. */
export function putInPlace(temporary: string, target: string): void {
  try {
    renameSync(temporary, target);
  } catch (error) {
    if (!existsSync(target)) throw error;
  }
}

export function copyFolder(from: string, to: string): void {
  cpSync(from, to, { recursive: true });
}

async function checkJava(env: Record<string, string>): Promise<void> {
  const java = await run("java", ["-version"], env, 20_000);
  if (java === null || java.code !== 0)
    throw new Error(`Kafka: Java is missing: install Java ${lowestJava} or newer, ${instead}`);
  const version = /version "(?:1\.)?(\d+)/.exec(java.output)?.[1];
  if (version !== undefined && Number(version) < lowestJava) {
    throw new Error(`Kafka: Java ${version} is too old: install Java ${lowestJava} or newer, ${instead}`);
  }
}

/** Null when there is no such program. */
function run(
  command: string,
  args: string[],
  env: Record<string, string>,
  timeoutMs: number,
): Promise<{ code: number | null; output: string } | null> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { env, stdio: ["ignore", "pipe", "pipe"], timeout: timeoutMs });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += String(chunk)));
    child.once("error", () => resolve(null));
    child.once("close", (code) => resolve({ code, output }));
  });
}
