/** Which web pages may call: the gateway's own and those of ALLOWED_ORIGINS. Programs that are no browsers send no Origin. */
import type { IncomingMessage } from "node:http";
import type { RequestHandler } from "express";

/** How long a browser may keep the answer to a preflight, seconds. */
const preflightMaxAgeS = 600;

/**
 * Browsers let any page open a WebSocket to anywhere, so the server must look (RFC 6455 §10.2).
 * The scheme is not compared with our own: TLS may end before us.
 */
export function originAllowed(request: IncomingMessage, allowedOrigins: ReadonlySet<string>): boolean {
  const { origin, host } = request.headers;
  if (origin === undefined) return true;
  if (allowedOrigins.has(origin)) return true;
  return URL.canParse(origin) && host !== undefined && new URL(origin).host === host.toLowerCase();
}

/** CORS (Fetch §3.2) for the same list. Credentials are tokens in a header, so cookies are never allowed. */
export function crossOrigin(allowedOrigins: ReadonlySet<string>): RequestHandler {
  return (request, response, next) => {
    const { origin } = request.headers;
    response.vary("Origin");
    if (origin !== undefined && allowedOrigins.has(origin)) {
      response.set("Access-Control-Allow-Origin", origin);
      if (request.method === "OPTIONS") {
        response.set("Access-Control-Allow-Methods", "GET, POST");
        response.set("Access-Control-Allow-Headers", "authorization, content-type, apollo-require-preflight");
        response.set("Access-Control-Max-Age", String(preflightMaxAgeS));
      }
    }
    if (request.method === "OPTIONS") return void response.status(204).end();
    next();
  };
}
