import { expect, test } from "vitest"
import { makeSidecar } from "./make.test-data.ts"
import type { ConnectedSidecar } from "./ports.ts"
import { versionsOf } from "./sidecar-versions.ts"

const on = (pod: string, term: number, generation: number, part: Partial<ConnectedSidecar> = {}) =>
  makeSidecar(pod, { heldHash: "new", heldVersion: { term, generation }, ...part })

const cases: readonly {
  readonly name: string
  readonly sidecars: readonly ConnectedSidecar[]
  readonly want: ReturnType<typeof versionsOf>
}[] = [
  { name: "none connected", sidecars: [], want: { versions: [] } },
  {
    name: "one without configuration",
    sidecars: [makeSidecar("a")],
    want: { versions: [{ release: "0.1.0", sidecars: 1 }] },
  },
  {
    name: "the newest of those that are up to date, by number and not by text",
    sidecars: [
      on("a", 2, 9),
      on("b", 2, 10),
      on("c", 3, 1, { heldHash: "old" }),
      on("d", 2, 10, { release: "0.0.9" }),
      on("e", 2, 10),
    ],
    want: {
      config: "2.10",
      versions: [
        { release: "0.0.9", config: "2.10", sidecars: 1 },
        { release: "0.1.0", config: "2.10", sidecars: 2 },
        { release: "0.1.0", config: "2.9", sidecars: 1 },
        { release: "0.1.0", config: "3.1", sidecars: 1 },
      ],
    },
  },
  {
    name: "none up to date",
    sidecars: [on("a", 1, 1, { heldHash: "old" })],
    want: { versions: [{ release: "0.1.0", config: "1.1", sidecars: 1 }] },
  },
]
test.each(cases)("$name", ({ sidecars, want }) => {
  expect(versionsOf(sidecars, "new")).toEqual(want)
})

test("ten combinations at most", () => {
  const sidecars = Array.from({ length: 12 }, (_, index) => on(`p${index}`, 1, 100 + index))
  const { versions, config } = versionsOf(sidecars, "new")
  expect([versions?.length, versions?.at(-1)?.config, config]).toEqual([10, "1.109", "1.111"])
})
