/** The HTTP side: /graphql and, at /, the playground. */
import type { ApolloServer } from "@apollo/server";
import { expressMiddleware } from "@as-integrations/express5";
import type { Log } from "@sealgraph/platform/log.ts";
import type { TokenVerifier } from "@sealgraph/platform/tokens.ts";
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from "express";
import { getOperationAST, OperationTypeNode, parse, type DocumentNode, type GraphQLError } from "graphql";
import { authenticate } from "./authentication.ts";
import { holdsSubscription } from "./document.ts";
import { gatewayError, visibleError } from "./errors.ts";
import { maxDocumentTokens } from "./limits.ts";
import { crossOrigin } from "./origins.ts";
import { servePlayground } from "./playground.ts";
import type { RequestContext } from "./request-context.ts";

export interface HttpAppOptions {
  path: string;
  apollo: ApolloServer<RequestContext>;
  /** Never throws, where graphql's own does. */
  validate(document: DocumentNode): readonly GraphQLError[];
  /** Absent: tokens are passed on unseen. */
  tokens: TokenVerifier | undefined;
  allowedOrigins: ReadonlySet<string>;
  maxBodyBytes: number;
  playground: boolean;
  log: Log;
}

export function createHttpApp(options: HttpAppOptions): Express {
  const { apollo, tokens, log } = options;
  const app = express();
  app.disable("x-powered-by");
  app.use(
    options.path,
    crossOrigin(options.allowedOrigins),
    express.json({ limit: options.maxBodyBytes }),
    refuseSubscriptions(options),
    expressMiddleware(apollo, { context: ({ req }) => authenticate(tokens, req.headers.authorization) }),
  );
  if (options.playground) app.use(servePlayground());
  app.use(((error: unknown, _request, response, next) => {
    if (response.headersSent) return next(error);
    const { answer, status } = bodyErrorOf(error);
    response.status(status).json({ errors: [visibleError(answer.toJSON(), log)] });
  }) satisfies ErrorRequestHandler);
  return app;
}

/**
 * Answers subscriptions before Apollo Server does: it would execute them and say 500, and graphql's validate() throws on
 * some of them. Only texts that hold the word are parsed here.
 */
function refuseSubscriptions({ validate, log }: Pick<HttpAppOptions, "validate" | "log">): RequestHandler {
  return (request, response, next) => {
    const { query, operationName } = (request.method === "GET" ? request.query : (request.body ?? {})) as Record<
      string,
      unknown
    >;
    if (typeof query !== "string" || !query.includes("subscription")) return next();
    let document;
    try {
      document = parse(query, { maxTokens: maxDocumentTokens, noLocation: true });
    } catch {
      return next(); // Apollo Server tells what is wrong with the syntax.
    }
    if (!holdsSubscription(document)) return next();
    const operation = getOperationAST(document, typeof operationName === "string" ? operationName : undefined);
    const errors =
      operation?.operation === OperationTypeNode.SUBSCRIPTION
        ? [gatewayError("SUBSCRIPTIONS_NEED_WEBSOCKET")]
        : validate(document);
    if (errors.length === 0) return next();
    response.status(400).json({ errors: errors.map((error) => visibleError(error.toJSON(), log)) });
  };
}

/** body-parser's errors carry a status; anything else is a fault of ours. */
function bodyErrorOf(error: unknown): { answer: GraphQLError; status: number } {
  const status = error instanceof Error && "status" in error && typeof error.status === "number" ? error.status : 500;
  if (status === 413) return { answer: gatewayError("REQUEST_TOO_LARGE"), status };
  if (status < 500) return { answer: gatewayError("REQUEST_MALFORMED"), status };
  const fault = gatewayError("REQUEST_MALFORMED");
  fault.extensions["code"] = "INTERNAL_SERVER_ERROR";
  fault.message = String(error);
  return { answer: fault, status };
}
