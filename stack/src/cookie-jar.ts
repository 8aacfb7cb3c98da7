interface Cookie {
  name: string;
  value: string;
  path: string;
}

/** As much of RFC 6265 as one provider on one host needs: names, paths, and removal by expiry. */
export class CookieJar {
  #cookies: Cookie[] = [];

  keep(url: URL, setCookies: string[]): void {
    for (const line of setCookies) {
      const [pair = "", ...attributes] = line.split(";").map((part) => part.trim());
      const [name, value] = splitAt(pair);
      const attribute = (wanted: string) => attributes.map(splitAt).find(([key]) => key.toLowerCase() === wanted)?.[1];
      const path = attribute("path") ?? url.pathname;
      this.#cookies = this.#cookies.filter((cookie) => cookie.name !== name || cookie.path !== path);
      const expires = attribute("expires");
      const gone = attribute("max-age") === "0" || (expires !== undefined && Date.parse(expires) < Date.now());
      if (!gone) this.#cookies.push({ name, value, path });
    }
  }

  headerFor(url: URL): string {
    return this.#cookies
      .filter(({ path }) => url.pathname === path || url.pathname.startsWith(path.endsWith("/") ? path : `${path}/`))
      .map(({ name, value }) => `${name}=${value}`)
      .join("; ");
  }
}

function splitAt(text: string): [string, string] {
  const at = text.indexOf("=");
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}
