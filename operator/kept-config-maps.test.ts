import { expect, test } from "vitest"
import { createKeptConfigMaps, type KeptConfigMaps, MEND_EVERY_MS } from "./kept-config-maps.ts"

const OURS = { A: "1", B: "2" }
const NOW = 1_000_000

function configMap(resourceVersion: string, data?: object) {
  return { metadata: { namespace: "search", name: "sidegate-env", resourceVersion }, data }
}

const cases: readonly {
  readonly name: string
  readonly before: (maps: KeptConfigMaps) => void
  readonly want: number | null
}[] = [
  { name: "missing: at once", before: () => {}, want: 0 },
  {
    name: "as it should be, in any order of keys: not at all",
    before: ({ sink }) => sink.reset([configMap("5", { B: "2", A: "1" })]),
    want: null,
  },
  {
    name: "with another value: at once",
    before: ({ sink }) => sink.reset([configMap("5", { A: "1", B: "3" })]),
    want: 0,
  },
  {
    name: "without data: at once",
    before: ({ sink }) => sink.reset([configMap("5")]),
    want: 0,
  },
  {
    name: "with a key more, which a former release may have written: at once",
    before: ({ sink }) => sink.reset([configMap("5", { ...OURS, C: "3" })]),
    want: 0,
  },
  {
    name: "with a key more as our write left it: not at all",
    before: ({ sink, wrote }) => {
      sink.reset([configMap("5", { ...OURS, C: "3" })])
      wrote("search", OURS, configMap("5"), NOW)
    },
    want: null,
  },
  {
    name: "written, and the watch is late: not again soon",
    before: ({ wrote }) => wrote("search", OURS, configMap("5"), NOW - 10_000),
    want: MEND_EVERY_MS - 10_000,
  },
  {
    name: "changed back by somebody soon after: later",
    before: ({ sink, wrote }) => {
      wrote("search", OURS, configMap("5"), NOW - 10_000)
      sink.apply(configMap("6", { A: "0" }))
    },
    want: MEND_EVERY_MS - 10_000,
  },
  {
    name: "removed by somebody long after: at once",
    before: ({ sink, wrote }) => {
      wrote("search", OURS, configMap("5"), NOW - MEND_EVERY_MS)
      sink.apply(configMap("5", OURS))
      sink.delete({ namespace: "search", name: "sidegate-env" })
    },
    want: 0,
  },
  {
    name: "other data than we wrote, as when the roots rotate: at once",
    before: ({ sink, wrote }) => {
      wrote("search", { A: "0" }, configMap("5"), NOW)
      sink.apply(configMap("5", { A: "0" }))
    },
    want: 0,
  },
]

test.each(cases)("$name", ({ before, want }) => {
  const maps = createKeptConfigMaps(() => {})
  before(maps)
  expect(maps.dueIn("search", OURS, NOW)).toBe(want)
})

test("every change of the watch is told, with its namespace", () => {
  const told: string[] = []
  const { sink } = createKeptConfigMaps((namespace) => told.push(namespace))
  sink.reset([configMap("5", OURS)])
  sink.apply(configMap("6", {}))
  sink.delete({ namespace: "search", name: "sidegate-env" })
  expect(told).toEqual(["search", "search", "search"])
})
