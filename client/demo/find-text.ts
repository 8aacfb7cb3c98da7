/** Looks for a text in what others saw: as it is, as hex, as base64, and inside of what base64 or hex encodes there. */

/** Encodings within encodings that are followed: a frame's body is base64url of JSON with base64url in it. */
const maxDepth = 4;
/** Shorter runs encode nothing that could hold the text. */
const shortestRun = 16;

/** @returns how it was found ("utf8", "hex", "base64", "utf8 inside base64"); undefined when it was not. */
export function findText(text: string, where: Buffer, depth = 0): string | undefined {
  const needle = Buffer.from(text);
  if (where.includes(needle)) return "utf8";
  // What is readable has its own encodings looked into; bytes that are none are looked at once.
  const readable = where.toString("latin1");
  if (readable.toLowerCase().includes(needle.toString("hex"))) return "hex";
  const unescaped = readable.replaceAll("\\/", "/");
  if (base64Forms(needle).some((form) => unescaped.includes(form))) return "base64";
  if (depth === maxDepth) return undefined;
  for (const run of unescaped.match(/[A-Za-z0-9+/_-]+/g) ?? []) {
    if (run.length < shortestRun) continue;
    for (const [name, inside] of decodings(run)) {
      const found = findText(text, inside, depth + 1);
      if (found !== undefined) return `${found} inside ${name}`;
    }
  }
  return undefined;
}

/** base64 depends on where in a group of three bytes the text begins; the characters that neighbours change are left off. */
function base64Forms(needle: Buffer): string[] {
  const forms = [0, 1, 2].map((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), needle])
      .toString("base64")
      .replace(/=+$/, "");
    return encoded.slice(Math.ceil((offset * 8) / 6), encoded.length - 1);
  });
  return [...forms, ...forms.map((form) => form.replaceAll("+", "-").replaceAll("/", "_"))];
}

function decodings(run: string): [string, Buffer][] {
  const found: [string, Buffer][] = [["base64", Buffer.from(run, "base64")]];
  if (/^(?:[0-9a-f]{2})+$/i.test(run)) found.push(["hex", Buffer.from(run, "hex")]);
  return found;
}
