import { expect, test } from "vitest"
import type { ObjectStatus, StatusCondition } from "#operator/reconcile/ports.ts"
import { createStatusReader } from "./status-lines.ts"

const ROUTE = { kind: "AIRoute", namespace: "default", name: "chat" } as const

function status(...conditions: readonly Partial<StatusCondition>[]): ObjectStatus {
  const base = {
    type: "Accepted",
    status: "True",
    reason: "Accepted",
    message: "",
    observedGeneration: 1,
    lastTransitionTime: "2026-01-01T00:00:00Z",
  } as const
  return { observedGeneration: 1, conditions: conditions.map((one) => ({ ...base, ...one })) }
}
const conflicted = { status: "False", reason: "Conflicted", message: "smart is taken" } as const
const NOWHERE = { place: "", hint: "" }
const LINE = "AIRoute default/chat: Accepted=False Conflicted: smart is taken"

test("a problem is told once, and again only when it changes", () => {
  const reader = createStatusReader(() => NOWHERE)
  expect(reader.read(ROUTE, status(conflicted))).toEqual([LINE])
  expect(reader.read(ROUTE, status(conflicted))).toEqual([])
  expect(reader.read(ROUTE, status({ ...conflicted, message: "other" }))).toHaveLength(1)
})

test("an object in order is silent, until a problem of it is over", () => {
  const reader = createStatusReader(() => NOWHERE)
  expect(reader.read(ROUTE, status({}))).toEqual([])
  reader.read(ROUTE, status(conflicted))
  expect(reader.problems()).toEqual([LINE])
  expect(reader.read(ROUTE, status({}))).toEqual(["AIRoute default/chat: in order again"])
  expect(reader.problems()).toEqual([])
})

test("Ready repeats the others and is left out; a hint completes the message", () => {
  const reader = createStatusReader(() => ({ place: "", hint: " (hint)" }))
  const lines = reader.read(ROUTE, status({ type: "Ready", status: "False" }, conflicted))
  expect(lines).toEqual([`${LINE} (hint)`])
})

test("a problem is told with its place, and not again because it moved", () => {
  let place = "chat.yaml:3"
  const reader = createStatusReader(() => ({ place, hint: "" }))
  expect(reader.read(ROUTE, status(conflicted))).toEqual([`chat.yaml:3: ${LINE}`])
  place = "chat.yaml:9"
  expect(reader.read(ROUTE, status(conflicted))).toEqual([])
})

test("an object that is gone has no problems", () => {
  const reader = createStatusReader(() => NOWHERE)
  reader.read(ROUTE, status(conflicted))
  reader.forget(ROUTE)
  expect(reader.problems()).toEqual([])
  expect(reader.read(ROUTE, status({}))).toEqual([])
})
