import type { IncomingMessage, ServerResponse } from "node:http";
import { errors, type Provider } from "oidc-provider";
import { html, loginForm, page, sendPage } from "./pages.ts";
import { checkPassword } from "./users.ts";

const maxFormBytes = 4_096;

/** Shows the form and takes its answer; the provider goes on from there. */
export async function handleLogin(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const { prompt } = await provider.interactionDetails(request, response);
    if (prompt.name !== "login") {
      // Consent is given by signing in (provider.ts), so nothing else is ever asked.
      await provider.interactionFinished(request, response, {
        error: "access_denied",
        error_description: `no form for ${prompt.name}`,
      });
      return;
    }
    const action = originalPath(request);
    if (request.method !== "POST") {
      sendPage(response, 200, loginForm(action));
      return;
    }
    const form = new URLSearchParams(await readForm(request));
    const user = checkPassword(form.get("username") ?? "", form.get("password") ?? "");
    if (user === undefined) {
      sendPage(response, 401, loginForm(action, "Wrong username or password."));
      return;
    }
    await provider.interactionFinished(
      request,
      response,
      { login: { accountId: user.subject } },
      { mergeWithLastSubmission: false },
    );
  } catch (error) {
    if (!(error instanceof errors.OIDCProviderError)) throw error;
    sendPage(
      response,
      error.statusCode,
      page(
        "Signing in failed",
        html`<p>${error.error_description ?? error.message}</p>
          <p>Start again from the application.</p>`,
      ),
    );
  }
}

function originalPath(request: IncomingMessage): string {
  return (request as { originalUrl?: string }).originalUrl ?? request.url ?? "";
}

async function readForm(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxFormBytes) return "";
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
