import { expect, test } from "vitest";
import { PlanCache } from "./plan-cache.ts";

test("the least recently used entry makes room for a new one", () => {
  const cache = new PlanCache<number>(2, 100);
  cache.set("a", 1, 1);
  cache.set("b", 2, 1);
  cache.get("a");
  cache.set("c", 3, 1);
  expect([cache.get("a"), cache.get("b"), cache.get("c"), cache.size]).toEqual([1, undefined, 3, 2]);
});

test("heavy entries make room by weight, and one that weighs more than all may is not kept", () => {
  const cache = new PlanCache<number>(100, 10);
  cache.set("a", 1, 4);
  cache.set("b", 2, 4);
  cache.set("c", 3, 4);
  expect([cache.get("a"), cache.get("b"), cache.get("c")]).toEqual([undefined, 2, 3]);
  cache.set("d", 4, 11);
  expect([cache.get("d"), cache.size]).toEqual([undefined, 2]);
  cache.set("b", 5, 6);
  expect([cache.get("b"), cache.get("c")]).toEqual([5, 3]);
  cache.clear();
  cache.set("e", 6, 10);
  expect(cache.get("e")).toBe(6);
});
