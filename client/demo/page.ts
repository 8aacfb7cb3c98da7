/** The play's print: headings, sentences and excerpts, none wider than the page. */
export interface Page {
  heading(text: string): void;
  /** A paragraph. */
  say(text: string): void;
  /** A value under its label; cut to one line, with its length, when it is longer. */
  show(label: string, value: string): void;
  /** A value of interest, in full. */
  quote(label: string, text: string): void;
  good(text: string): void;
  bad(text: string): void;
}

export interface PageOptions {
  width: number;
  colour: boolean;
  write: (text: string) => void;
}

/** SGR codes (ECMA-48 §8.3.117): bold, faint, green, red. */
const styles = { bold: 1, faint: 2, green: 32, red: 31 } as const;
const indent = "  ";

export function createPage({ width, colour, write }: PageOptions): Page {
  const styled = (style: keyof typeof styles, text: string) =>
    colour ? `\u001B[${styles[style]}m${text}\u001B[0m` : text;
  const lines = (text: string, style?: keyof typeof styles, before = "") => {
    for (const line of wrap(text, width - before.length)) {
      write(`${before}${style === undefined ? line : styled(style, line)}\n`);
    }
  };
  let step = 0;
  return {
    heading(text) {
      write("\n");
      lines(`${++step}. ${text}`, "bold");
    },
    say: (text) => lines(text),
    show(label, value) {
      lines(label, "faint", indent);
      lines(excerpt(value, width - 2 * indent.length), undefined, indent + indent);
    },
    quote(label, text) {
      lines(label, "faint", indent);
      lines(text, "bold", indent + indent);
    },
    good: (text) => lines(`ok: ${text}`, "green", indent),
    bad: (text) => lines(`FAILED: ${text}`, "red", indent),
  };
}

/** On one line: the beginning, and how long the whole is. */
export function excerpt(value: string, width: number): string {
  const line = value.replaceAll(/\s+/g, " ").trim();
  if (line.length <= width) return line;
  const rest = ` … (${line.length} characters)`;
  return line.slice(0, Math.max(1, width - rest.length)) + rest;
}

/** At spaces; a word that is wider than the page is broken. */
export function wrap(text: string, width: number): string[] {
  const wrapped: string[] = [];
  for (const paragraph of text.split("\n")) {
    let line = "";
    for (const word of paragraph.split(" ").flatMap((long) => pieces(long, width))) {
      if (line !== "" && line.length + 1 + word.length > width) {
        wrapped.push(line);
        line = word;
      } else line = line === "" ? word : `${line} ${word}`;
    }
    wrapped.push(line);
  }
  return wrapped;
}

function pieces(word: string, width: number): string[] {
  return word.length <= width ? [word] : (word.match(new RegExp(`.{1,${width}}`, "gu")) ?? []);
}
