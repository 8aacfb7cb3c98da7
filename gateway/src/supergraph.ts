/** The composed schema that the gateway serves, read from a file: no subgraph has to be up for the gateway to start. */
import { readFile } from "node:fs/promises";
import { Supergraph } from "@apollo/federation-internals";
import { ConfigError } from "@sealgraph/platform/config.ts";
import { Kind, parse, type ConstDirectiveNode, type DocumentNode } from "graphql";

export interface SubgraphAddress {
  /** HTTP URL. */
  url: string;
  webSocketUrl: string;
}

export interface LoadedSupergraph {
  sdl: string;
  subgraphs: Record<string, SubgraphAddress>;
}

export interface SupergraphSource {
  file: string;
  /** By subgraph name; override what the file says. */
  urls: Record<string, string>;
  webSocketUrls: Record<string, string>;
}

/** @throws ConfigError when the file is missing, is no supergraph, or leaves a subgraph without a usable URL */
export async function loadSupergraph({ file, urls, webSocketUrls }: SupergraphSource): Promise<LoadedSupergraph> {
  const refuse = (problem: string) => new ConfigError([{ name: "SUPERGRAPH", problem: `${file}: ${problem}` }]);
  let sdl: string;
  try {
    sdl = await readFile(file, "utf8");
  } catch (error) {
    throw refuse(error instanceof Error && "code" in error && error.code === "ENOENT" ? "no such file" : String(error));
  }

  let written: Map<string, string>;
  try {
    const document = parse(sdl, { noLocation: true });
    Supergraph.build(document, { validateSupergraph: true });
    written = subgraphUrls(document);
  } catch (error) {
    throw refuse(`is no supergraph that can be served: ${firstLineOf(error)}`);
  }

  const unknown = Object.keys({ ...urls, ...webSocketUrls }).filter((name) => !written.has(name));
  if (unknown.length > 0)
    throw refuse(`has no subgraph ${unknown.join(", ")}; it has ${[...written.keys()].join(", ")}`);

  const subgraphs: Record<string, SubgraphAddress> = {};
  for (const [name, writtenUrl] of written) {
    const url = urls[name] ?? writtenUrl;
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
      throw refuse(`subgraph ${name} has no HTTP URL ("${url}"); give one with SUBGRAPHS or --subgraph ${name}=URL`);
    subgraphs[name] = { url, webSocketUrl: webSocketUrls[name] ?? webSocketUrlOf(url) };
  }
  return { sdl, subgraphs };
}

/** The same address over ws: or wss:. */
export function webSocketUrlOf(url: string): string {
  return url.replace(/^http/i, "ws");
}

/** Reads `enum join__Graph { KEYS @join__graph(name: "keys", url: "…") … }`. */
function subgraphUrls(document: DocumentNode): Map<string, string> {
  const urls = new Map<string, string>();
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.ENUM_TYPE_DEFINITION || definition.name.value !== "join__Graph") continue;
    for (const value of definition.values ?? []) {
      const directive = value.directives?.find(({ name }) => name.value === "join__graph");
      const name = directive && stringArgument(directive, "name");
      if (directive !== undefined && name !== undefined) urls.set(name, stringArgument(directive, "url") ?? "");
    }
  }
  return urls;
}

function stringArgument(directive: ConstDirectiveNode, name: string): string | undefined {
  const value = directive.arguments?.find((argument) => argument.name.value === name)?.value;
  return value?.kind === Kind.STRING ? value.value : undefined;
}

function firstLineOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.split("\n", 1)[0] ?? message;
}
