import type { ServerResponse } from "node:http";

/** Markup that needs no further escaping. */
export interface Html {
  html: string;
}

/** Escapes what is put in, unless it is Html itself. */
export function html(strings: TemplateStringsArray, ...values: (string | Html)[]): Html {
  const text = strings.map((part, index) => {
    const value = values[index - 1];
    return (value === undefined ? "" : typeof value === "string" ? escape(value) : value.html) + part;
  });
  return { html: text.join("") };
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** No script, no foreign resource; forms may lead back to a client on this machine. */
export const contentSecurityPolicy =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'; " +
  "form-action 'self' http://localhost:* http://127.0.0.1:*";

export function page(title: string, body: Html): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>${title}</title>
        <style>
          :root {
            color-scheme: light dark;
            font:
              16px/1.5 system-ui,
              sans-serif;
          }
          main {
            max-width: 22rem;
            margin: 12vh auto;
            padding: 0 1rem;
          }
          label {
            display: block;
            margin: 0.75rem 0 0.25rem;
          }
          input,
          button {
            font: inherit;
            width: 100%;
            padding: 0.5rem;
            box-sizing: border-box;
          }
          button {
            margin-top: 1.25rem;
          }
          [role="alert"] {
            font-weight: bold;
          }
        </style>
      </head>
      <body>
        <main>
          <h1>${title}</h1>
          ${body}
        </main>
      </body>
    </html>`.html;
}

export function loginForm(action: string, problem?: string): string {
  return page(
    "Sign in",
    html`${problem === undefined ? "" : html`<p role="alert">${problem}</p>`}
      <form method="post" action="${action}">
        <label for="username">Username</label>
        <input id="username" name="username" autocomplete="username" required autofocus />
        <label for="password">Password</label>
        <input id="password" name="password" type="password" autocomplete="current-password" required />
        <button type="submit">Sign in</button>
      </form>
      <p>A development provider: alice and bob, each with the name as password.</p>`,
  );
}

export function sendPage(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": contentSecurityPolicy,
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
  });
  response.end(text);
}
