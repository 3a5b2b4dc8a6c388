import { expect, test } from "vitest"
import { createObjectTable, type ObjectTable } from "./object-table.ts"

const object = (name: string, resourceVersion: string, uid = `uid-${name}`): object => ({
  metadata: { namespace: "n", name, uid, resourceVersion },
})

function recorded(): { readonly table: ObjectTable; readonly calls: string[] } {
  const calls: string[] = []
  const say = (value: unknown): string => {
    const { metadata } = value as { metadata: { name: string; resourceVersion: string } }
    return `${metadata.name}@${metadata.resourceVersion}`
  }
  const table = createObjectTable({
    reset: (objects) => calls.push(`reset ${objects.map(say).join(" ")}`.trim()),
    apply: (value) => calls.push(`apply ${say(value)}`),
    delete: ({ namespace, name }) => calls.push(`delete ${namespace}/${name}`),
  })
  return { table, calls }
}

const relist = (table: ObjectTable, ...objects: readonly object[]): void => {
  for (const value of objects) table.collect(value)
  table.replace()
}

const cases: readonly {
  readonly name: string
  readonly act: (table: ObjectTable) => void
  readonly want: readonly string[]
}[] = [
  {
    name: "the first complete list is one reset, also an empty one",
    act: (table) => table.replace(),
    want: ["reset"],
  },
  {
    name: "a relist tells the deletion that was missed and nothing of what did not change",
    act: (table) => {
      relist(table, object("a", "1"), object("b", "2"))
      relist(table, object("a", "1"))
    },
    want: ["reset a@1 b@2", "delete n/b"],
  },
  {
    name: "a relist tells of changed and new objects",
    act: (table) => {
      relist(table, object("a", "1"))
      relist(table, object("a", "5"), object("c", "6"))
    },
    want: ["reset a@1", "apply a@5", "apply c@6"],
  },
  {
    name: "an object that was deleted and created again is another object",
    act: (table) => {
      relist(table, object("a", "1", "first"))
      relist(table, object("a", "9", "second"))
    },
    want: ["reset a@1", "delete n/a", "apply a@9"],
  },
  {
    name: "what was collected before a cut is forgotten",
    act: (table) => {
      table.collect(object("half", "1"))
      table.discard()
      relist(table, object("a", "2"))
    },
    want: ["reset a@2"],
  },
  {
    name: "an event that repeats what is known is silent",
    act: (table) => {
      relist(table, object("a", "1"))
      table.apply(object("a", "1"))
      table.apply(object("a", "2"))
    },
    want: ["reset a@1", "apply a@2"],
  },
  {
    name: "the deletion of something unknown is silent",
    act: (table) => {
      relist(table, object("a", "1"))
      table.delete(object("b", "2"))
      table.delete(object("a", "3"))
    },
    want: ["reset a@1", "delete n/a"],
  },
]

test.each(cases)("$name", ({ act, want }) => {
  const { table, calls } = recorded()
  act(table)
  expect(calls).toEqual(want)
})
