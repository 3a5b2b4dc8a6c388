/** A reader of docs/providers.md finds each thing that a client can ask for once. */
import { expect, test } from "vitest"
import { SURFACE_PATHS, SURFACES } from "#proxy/surfaces/registry.ts"
import { joinVersions, surfaceTable } from "./surface-table.ts"

test("paths that differ in the version alone share a row, others do not", () => {
  const rows = joinVersions([
    ["/v1beta/models/{model}:a", SURFACES["gemini-generate"]],
    ["/v1/messages", SURFACES["anthropic-messages"]],
    ["/v1beta/models/{model}:b", SURFACES["gemini-generate"]],
    ["/v1/models/{model}:a", SURFACES["gemini-generate"]],
    ["/messages", SURFACES["anthropic-messages"]],
  ])
  expect(rows.map(([paths]) => paths)).toEqual([
    ["/v1beta/models/{model}:a", "/v1/models/{model}:a"],
    ["/v1/messages", "/messages"],
    ["/v1beta/models/{model}:b"],
  ])
})

test("counts of tokens are estimated where no provider of the schema makes them", () => {
  const row = surfaceTable()
    .split("\n")
    .find((line) => line.startsWith("| `/v1/messages/count_tokens`"))
  const [, , openAi, azure, anthropic] = row?.split("|").map((cell) => cell.trim()) ?? []
  expect([openAi, azure, anthropic]).toEqual(["estimated", "estimated", "passed"])
})

test("every path is in the table, in one row", () => {
  const table = surfaceTable()
  for (const [path] of SURFACE_PATHS) expect(table.split(`\`${path}\``)).toHaveLength(2)
})
