import { expect, it } from "vitest";
import { CookieJar } from "./cookie-jar.ts";

const at = (path: string) => new URL(path, "http://localhost:1");

it("sends a cookie to its path and below, and nowhere else", () => {
  const jar = new CookieJar();
  jar.keep(at("/a"), ["x=1; path=/realms/r; httponly"]);
  expect(jar.headerFor(at("/realms/r/auth"))).toBe("x=1");
  expect(jar.headerFor(at("/realms/r"))).toBe("x=1");
  expect(jar.headerFor(at("/realms/rx"))).toBe("");
});

it("replaces a cookie of the same name and path, and drops one that has expired", () => {
  const jar = new CookieJar();
  jar.keep(at("/"), ["x=1; path=/", "y=a=b; path=/"]);
  jar.keep(at("/"), ["x=2; path=/", "y=; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT"]);
  expect(jar.headerFor(at("/q"))).toBe("x=2");
});
