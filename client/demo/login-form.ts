/** A person's browser in miniature: opens the provider's page, fills its form, follows where it leads. Demonstration only. */

const maxSteps = 15;

/** For signIn's `authorize`. */
export function fillLoginForm(username: string, password: string): (url: URL) => Promise<void> {
  return async (start) => {
    const cookies = new Map<string, string>();
    let request: { url: URL; form?: URLSearchParams } = { url: start };
    let filled = false;
    for (let step = 0; step < maxSteps; step++) {
      const { url, form } = request;
      const response = await fetch(url, {
        redirect: "manual",
        headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; ") },
        ...(form === undefined ? {} : { method: "POST", body: form }),
      });
      for (const cookie of response.headers.getSetCookie()) {
        const [pair = ""] = cookie.split(";");
        const equals = pair.indexOf("=");
        cookies.set(pair.slice(0, equals), pair.slice(equals + 1));
      }
      const location = response.headers.get("location");
      const page = await response.text();
      if (location !== null) {
        request = { url: new URL(location, url) };
        continue;
      }
      const action = /<form[^>]*\saction="([^"]*)"/.exec(page)?.[1];
      // No form: the program's own page, which says that one can go back to it.
      if (action === undefined && response.ok) return;
      if (action === undefined || filled) throw new Error(`the provider did not take the login of ${username}`);
      filled = true;
      request = { url: new URL(unescape(action), url), form: new URLSearchParams({ username, password }) };
    }
    throw new Error(`the login of ${username} went on for more than ${maxSteps} pages`);
  };
}

/** HTML's character references, as far as a URL in an attribute has them. */
function unescape(text: string): string {
  return text
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replace(/&#x([0-9a-f]+);/gi, (_, code: string) => String.fromCodePoint(Number.parseInt(code, 16)))
    .replaceAll("&amp;", "&");
}
