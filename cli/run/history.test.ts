import { expect, test } from "vitest"
import { formatRef } from "#operator/index/view.ts"
import { EMPTY_HISTORY, type History, remember } from "./history.ts"
import type { FileObject } from "./objects.ts"

const make = (name: string, spec: unknown): FileObject => ({
  ref: { kind: "AIRoute", namespace: "default", name },
  source: "a.yaml:1",
  apiVersion: "sidegate.dev/v1alpha1",
  labels: {},
  annotations: {},
  body: { spec },
})
const set = (...objects: readonly FileObject[]) =>
  new Map(objects.map((object) => [formatRef(object.ref), object]))
const changesOf = (history: History) =>
  history.changes.map(({ verb, ref }) => `${verb} ${ref.name}`)
const metadataOf = (history: History) =>
  history.updates.map(({ value }) => {
    const { name, generation, resourceVersion, creationTimestamp } = Object(value["metadata"])
    return [name, generation, resourceVersion, creationTimestamp]
  })

const first = remember(EMPTY_HISTORY, set(make("a", 1), make("b", 1)))

test("objects begin at generation 1, in the order of the files", () => {
  expect(changesOf(first)).toEqual(["added a", "added b"])
  expect(metadataOf(first)).toEqual([
    ["a", 1, "1", "2000-01-01T00:00:00.000Z"],
    ["b", 1, "1", "2000-01-01T00:00:01.000Z"],
  ])
})

test("the same content is no change", () => {
  const again = remember(first, set(make("a", 1), make("b", 1)))
  expect([again.changes, again.updates, again.removals]).toEqual([[], [], []])
})

test("another content raises the generation of that object alone", () => {
  const changed = remember(first, set(make("a", 2), make("b", 1)))
  expect(changesOf(changed)).toEqual(["changed a"])
  expect(metadataOf(changed)).toEqual([["a", 2, "2", "2000-01-01T00:00:00.000Z"]])
})

test("another order changes who is older, not the generation", () => {
  const swapped = remember(first, set(make("b", 1), make("a", 1)))
  expect(changesOf(swapped)).toEqual([])
  expect(metadataOf(swapped)).toEqual([
    ["b", 1, "2", "2000-01-01T00:00:00.000Z"],
    ["a", 1, "2", "2000-01-01T00:00:01.000Z"],
  ])
})

test("an object that goes and comes back goes on counting", () => {
  const gone = remember(first, set(make("a", 1)))
  expect(changesOf(gone)).toEqual(["removed b"])
  const back = remember(gone, set(make("a", 1), make("b", 1)))
  expect(changesOf(back)).toEqual(["added b"])
  expect(metadataOf(back)).toEqual([["b", 2, "3", "2000-01-01T00:00:01.000Z"]])
})
