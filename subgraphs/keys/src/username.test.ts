import { describe, expect, it } from "vitest";
import { displayNameOf, normalizedUsername, usernamesOf } from "./username.ts";

const userId = "6f2a1c7e-0000-5000-8000-000000000001";

describe("a user name", () => {
  it.each([
    ["Alice", "alice"],
    [" alice ", "alice"],
    ["\uFF21lice", "alice"],
    ["al\u0000i\u200Bce", "alice"],
    ["E\u0301ve", "\u00E9ve"],
  ])("%j is found as %j", (name, found) => {
    expect(normalizedUsername(name)).toBe(found);
  });

  it("is the provider's when its form allows", () => {
    expect(usernamesOf({ userId, username: "Alice" })).toEqual({ preferred: "alice", fallback: `alice~${userId}` });
  });

  it.each([
    ["that is empty", ""],
    ["that looks like another user's fallback", "bob~6f2a1c7e-0000-5000-8000-000000000002"],
    ["that is over 128 characters", "a".repeat(129)],
  ])("%s is replaced by one that ends with the user's own id", (_what, username) => {
    const { preferred, fallback } = usernamesOf({ userId, username });
    expect(preferred).toBeNull();
    expect(fallback.endsWith(`~${userId}`)).toBe(true);
    expect(fallback.length).toBeLessThanOrEqual(128 + 1 + 36);
  });
});

describe("a display name", () => {
  it("keeps its case and loses what can disguise it", () => {
    expect(displayNameOf({ username: "alice", displayName: " Al\u202Eice\u0007 Adams " })).toBe("Alice Adams");
  });
  it("is the user name when there is none", () => {
    expect(displayNameOf({ username: "Alice", displayName: " " })).toBe("Alice");
  });
  it("is cut at 256 characters, never within one", () => {
    expect(displayNameOf({ username: "a", displayName: "\u{1F511}".repeat(300) })).toBe("\u{1F511}".repeat(256));
  });
});
