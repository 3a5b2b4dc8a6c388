import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, expect, test } from "vitest"
import type { ObjectFeed } from "#operator/control-plane.ts"
import { describeChanges, openWorkspace } from "./workspace.ts"

const made: string[] = []
afterEach(() => {
  for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true })
})

const route = (name: string, model: string) =>
  `apiVersion: sidegate.dev/v1alpha1\nkind: AIRoute\nmetadata: {name: ${name}}\n` +
  `spec: {models: [${model}]}\n---\n`

/** A directory, what was fed from it, and a reader. */
function makeWorkspace(files: Readonly<Record<string, string>>) {
  const root = mkdtempSync(join(tmpdir(), "sidegate-manifests-"))
  made.push(root)
  const write = (path: string, text: string): void => {
    mkdirSync(join(root, path, ".."), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  for (const [path, text] of Object.entries(files)) write(path, text)
  const fed: string[] = []
  const feed: ObjectFeed = {
    reset: (kind, all) => void fed.push(`reset ${kind} ${all.length}`),
    apply: (kind) => void fed.push(`apply ${kind}`),
    delete: (kind, { name }) => void fed.push(`delete ${kind} ${name}`),
  }
  const reader = openWorkspace(root, { namespace: "default", variable: () => undefined }, feed)
  const load = () => {
    fed.length = 0
    return reader.load()
  }
  return { root, write, load, fed }
}

test("folders are read, other files and hidden ones are not", () => {
  const { load, fed } = makeWorkspace({
    "a.yaml": route("a", "m1"),
    "deep/b.yml": route("b", "m2"),
    ".hidden/c.yaml": route("c", "m3"),
    "notes.txt": "hello",
  })
  expect(describeChanges(load().changes)).toBe(
    "added Namespace sidegate-system, added Namespace default, added AIRoute default/a, " +
      "added AIRoute default/b",
  )
  expect(fed).toContain("reset AIRoute 2")
})

test("a change, an addition and a removal are fed one by one", () => {
  const { root, write, load, fed } = makeWorkspace({
    "a.yaml": route("a", "m1"),
    "b.yaml": route("b", "m2"),
  })
  load()
  write("a.yaml", route("a", "m3"))
  write("c.yaml", route("c", "m4"))
  rmSync(join(root, "b.yaml"))
  expect(describeChanges(load().changes)).toBe(
    "changed AIRoute default/a, added AIRoute default/c, removed AIRoute default/b",
  )
  expect(fed).toEqual(["apply AIRoute", "apply AIRoute", "delete AIRoute b"])
})

test("a file that breaks keeps what it held, and says so once", () => {
  const { write, load, fed } = makeWorkspace({ "a.yaml": route("a", "m1") })
  load()
  write("a.yaml", "kind: [")
  const { changes, newNotes } = load()
  expect(changes).toEqual([])
  expect(newNotes).toEqual([
    expect.stringMatching(/^a\.yaml:1: .*; what the file held before stays in force$/),
  ])
  expect(load().newNotes).toEqual([])
  write("a.yaml", route("a", "m2"))
  const mended = load()
  expect(describeChanges(mended.changes)).toBe("changed AIRoute default/a")
  expect(mended.newNotes).toEqual(["a.yaml: in order again"])
  expect(fed).toEqual(["apply AIRoute"])
})

test("a directory that is none is an error that says so", () => {
  const { root } = makeWorkspace({ "a.yaml": "" })
  const feed: ObjectFeed = { reset: () => {}, apply: () => {}, delete: () => {} }
  const settings = { namespace: "default", variable: () => undefined }
  const reader = openWorkspace(join(root, "a.yaml"), settings, feed)
  expect(() => reader.load()).toThrow(/is not a directory$/)
})
