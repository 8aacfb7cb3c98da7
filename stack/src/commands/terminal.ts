import type { WriteStream } from "node:tty";

/** Writes for people: colour only on a terminal and not under NO_COLOR (no-color.org), and nothing wider than it must be. */
export interface Terminal {
  line(text?: string): void;
  bold(text: string): string;
  dim(text: string): string;
  good(text: string): string;
  bad(text: string): string;
  /** A name and its value: in two columns, or below each other where the terminal is narrow. */
  field(name: string, value: string): void;
  /** A line of progress from a part. */
  progress(line: string): void;
}

const nameColumns = 12;
const narrowColumns = 64;

export function createTerminal(stream: NodeJS.WriteStream | WriteStream, env: NodeJS.ProcessEnv): Terminal {
  const colour = stream.isTTY && !env["NO_COLOR"] && env["TERM"] !== "dumb";
  const paint = (code: number) => (text: string) => (colour ? `\u001B[${code}m${text}\u001B[0m` : text);
  const line = (text = "") => void stream.write(`${text}\n`);
  const dim = paint(2);
  const bold = paint(1);
  return {
    line,
    bold,
    dim,
    good: paint(32),
    bad: paint(31),
    field(name, value) {
      const narrow = stream.isTTY && stream.columns > 0 && stream.columns < narrowColumns;
      line(narrow ? `${dim(name)}\n  ${value}` : `  ${dim(name.padEnd(nameColumns))} ${value}`);
    },
    progress(text) {
      const colon = text.indexOf(":");
      line(colon > 0 && colon < 20 ? `  ${bold(text.slice(0, colon))}${text.slice(colon)}` : `  ${text}`);
    },
  };
}
