import { describe, expect, it } from "vitest";
import { v4, v7 } from "uuid";
import { directConversationId, isUuidV7, userIdOf, uuidV7TimeMs } from "./ids.ts";

describe("ids", () => {
  it("give the same user the same id everywhere", () => {
    expect(userIdOf("https://idp/realms/my-cloud", "1")).toBe(userIdOf("https://idp/realms/my-cloud", "1"));
    expect(userIdOf("a", "b")).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5/);
  });

  it("tell apart pairs whose concatenations are equal", () => {
    expect(userIdOf("ab", "c")).not.toBe(userIdOf("a", "bc"));
    expect(userIdOf('a","b', "c")).not.toBe(userIdOf("a", 'b","c'));
  });

  it("give two people one conversation, in either order and case", () => {
    const [a, b] = [v4(), v4()];
    expect(directConversationId(a, b)).toBe(directConversationId(b.toUpperCase(), a));
    expect(directConversationId(a, b)).not.toBe(directConversationId(a, a));
  });

  it("read the time of a UUIDv7", () => {
    const id = v7({ msecs: 1_700_000_000_123 });
    expect(isUuidV7(id)).toBe(true);
    expect(uuidV7TimeMs(id)).toBe(1_700_000_000_123);
    expect(isUuidV7(v4())).toBe(false);
    expect(isUuidV7("nonsense")).toBe(false);
  });
});
