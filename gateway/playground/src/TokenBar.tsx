import { useEffect, useState } from "react";
import { cleanToken, holderOf } from "./token.ts";

interface TokenBarProps {
  token: string;
  onChange(token: string): void;
}

/** The line above the editor: whose token is in use and how long it lasts, or how to get one. */
export function TokenBar({ token, onChange }: TokenBarProps) {
  const nowMs = useNow();
  return (
    <header className="token-bar">
      <strong className="token-bar-title">Sealgraph</strong>
      <label className="token-bar-field">
        <span>Access token</span>
        <input
          type="password"
          value={token}
          onChange={(event) => onChange(cleanToken(event.target.value))}
          placeholder="paste a token"
          autoComplete="off"
          spellCheck={false}
          data-testid="token"
        />
      </label>
      <span className="token-bar-state" data-testid="token-state">
        {describe(token, nowMs)}
      </span>
      <span className="token-bar-hint">
        get one: <code>npm run -s token -- alice</code>
      </span>
    </header>
  );
}

function describe(token: string, nowMs: number): string {
  if (token === "") return "no token: only the schema can be read";
  const holder = holderOf(token);
  if (holder === undefined) return "this is not a JWT";
  const remainingS = Math.round((holder.expiresAtMs - nowMs) / 1_000);
  if (remainingS <= 0) return `${holder.name}: expired`;
  const minutes = Math.floor(remainingS / 60);
  return `${holder.name}: valid for ${minutes > 0 ? `${minutes} min` : `${remainingS} s`}`;
}

const refreshMs = 1_000;

function useNow(): number {
  const [nowMs, setNowMs] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), refreshMs);
    return () => clearInterval(timer);
  }, []);
  return nowMs;
}
