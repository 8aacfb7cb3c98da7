/** What a link to this page may bring: #token=…&device=… A fragment never travels to a server (RFC 3986 §3.5). */
export interface Given {
  token?: string;
  /** For the inbox example. */
  device?: string;
}

/** Reads the fragment and removes it at once: an address bar is looked at, copied and kept in a history. */
export function takeFragment(): Given {
  const fragment = new URLSearchParams(location.hash.slice(1));
  if (location.hash !== "") history.replaceState(null, "", location.pathname + location.search);
  const token = fragment.get("token");
  const device = fragment.get("device");
  return { ...(token === null ? {} : { token }), ...(device === null ? {} : { device }) };
}
