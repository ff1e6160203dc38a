import { expect, test } from "vitest";
import { readMark } from "./marks.ts";

test("marks are read", () => {
  expect(readMark("A")).toBe(null);
  expect(readMark("B;icpy=secret")).toEqual({ kind: "prompt", exitCode: null, proof: "secret" });
  expect(readMark("C")).toEqual({ kind: "begin", exitCode: null, proof: null });
  expect(readMark("D;127;icpy=x")).toEqual({ kind: "end", exitCode: 127, proof: "x" });
  expect(readMark("D;")).toEqual({ kind: "end", exitCode: null, proof: null });
});
