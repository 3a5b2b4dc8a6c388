import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"
import { canonicalJson } from "#proxy/contract/json.ts"
import type { RouteConfig, Snapshot } from "#proxy/contract/snapshot.ts"
import { snapshotText } from "./snapshot-text.ts"

const GOLDEN = fileURLToPath(new URL("../../test/golden/compile/cases", import.meta.url))

function readSnapshots(file: string): readonly Snapshot[] {
  const { namespaces } = JSON.parse(readFileSync(join(GOLDEN, file), "utf8")) as {
    readonly namespaces: readonly { readonly snapshot: Snapshot }[]
  }
  return namespaces.map(({ snapshot }) => snapshot)
}

const files = readdirSync(GOLDEN).filter((name) => name.endsWith(".json"))

test.each(files)(
  "the text of every Snapshot of %s is canonical, parts seen before or not",
  (file) => {
    for (const snapshot of readSnapshots(file)) {
      expect(snapshotText(snapshot)).toBe(canonicalJson(snapshot))
      const moved = {
        ...snapshot,
        namespace: 'a "quoted" name',
        routes: snapshot.routes.toReversed(),
      }
      expect(snapshotText(moved)).toBe(canonicalJson(moved))
    }
  },
)

test("names that an object does not keep in order are in order, and need no escape twice", () => {
  const [snapshot] = readSnapshots("one-route.json")
  if (snapshot === undefined) throw new Error("the golden file has no Snapshot")
  const [provider] = Object.values(snapshot.providers)
  const route: RouteConfig = { name: "search/ü", rules: [] }
  const odd = {
    ...snapshot,
    routes: [route],
    providers: Object.fromEntries(
      ["b", "10", "9", "ü", '"', "__proto__"].map((name) => [name, provider]),
    ),
  } as Snapshot
  expect(snapshotText(odd)).toBe(canonicalJson(odd))
})
