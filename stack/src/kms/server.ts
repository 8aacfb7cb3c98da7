import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { KmsError } from "./errors.ts";
import type { KeyStore } from "./key-store.ts";
import { kmsOperations } from "./operations.ts";

const maxRequestBytes = 64 * 1024;
const targetPrefix = "TrentService.";
/** Longer than an SDK client keeps an idle connection, so that it never writes into one that we are closing. */
const keepAliveTimeoutMs = 90_000;

/**
 * Speaks AWS JSON 1.1 as AWS KMS does, for development: requests have to be signed, but the signature is not verified,
 * there are no policies, and the master keys lie in a file.
 */
export function createKmsServer(store: KeyStore): Server {
  const operations = kmsOperations(store);
  const server = createServer((request, response) => {
    void answer(request, response);
  });
  server.keepAliveTimeout = keepAliveTimeoutMs;
  return server;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let status = 200;
    let body: object;
    try {
      if (request.method === "GET" && request.url === "/health") body = { status: "running, development only" };
      else body = run(request, await read(request));
    } catch (error) {
      const known = error instanceof KmsError ? error : new KmsError("KMSInternalException", "internal failure", 500);
      if (known !== error) console.error(error);
      status = known.status;
      body = { __type: known.type, ...(known.message !== "" && { message: known.message }) };
    }
    const text = JSON.stringify(body);
    response.writeHead(status, {
      "content-type": "application/x-amz-json-1.1",
      "content-length": Buffer.byteLength(text),
      "x-amzn-requestid": randomUUID(),
      "cache-control": "no-cache, no-store, must-revalidate, private",
    });
    response.end(text);
  }

  function run(request: IncomingMessage, body: string): object {
    if (request.method !== "POST") throw new KmsError("UnknownOperationException", "use POST");
    const target = String(request.headers["x-amz-target"] ?? "");
    const name = target.startsWith(targetPrefix) ? target.slice(targetPrefix.length) : "";
    const operation = Object.hasOwn(operations, name) ? operations[name] : undefined;
    if (operation === undefined) throw new KmsError("UnknownOperationException", `"${target}" is not known here`);
    if (!request.headers.authorization?.startsWith("AWS4-HMAC-SHA256 ")) {
      throw new KmsError("MissingAuthenticationTokenException", "Missing Authentication Token");
    }
    let input: unknown;
    try {
      input = JSON.parse(body);
    } catch {
      throw new KmsError("SerializationException", "the body is not JSON");
    }
    return operation(input);
  }
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxRequestBytes)
      throw new KmsError("RequestEntityTooLargeException", `more than ${maxRequestBytes} bytes`, 413);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
