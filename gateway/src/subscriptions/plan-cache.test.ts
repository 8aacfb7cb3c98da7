import { expect, test } from "vitest";
import { PlanCache } from "./plan-cache.ts";

test("the least recently used entry makes room for a new one", () => {
  const cache = new PlanCache<number>(2);
  cache.set("a", 1);
  cache.set("b", 2);
  cache.get("a");
  cache.set("c", 3);
  expect([cache.get("a"), cache.get("b"), cache.get("c"), cache.size]).toEqual([1, undefined, 3, 2]);
});
