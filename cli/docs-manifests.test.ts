/** Every manifest that a page shows is one that the API server and the operator take. */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { formatFinding, lintFiles } from "./lint/lint.ts"
import { asRecord, readDocuments } from "./manifests/manifest.ts"

const ROOT = join(import.meta.dirname, "..")
const PAGES = [
  "README.md",
  ...readdirSync(join(ROOT, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
]

interface Block {
  /** `docs/routing.md:8` */
  readonly at: string
  readonly text: string
}

const blocks = PAGES.flatMap((page): readonly Block[] => {
  const text = readFileSync(join(ROOT, page), "utf8")
  return [...text.matchAll(/```yaml\n(.*?)```/gs)].map((match) => ({
    at: `${page}:${text.slice(0, match.index).split("\n").length}`,
    text: match[1] ?? "",
  }))
})

/** A page may show the spec of an AIProvider alone, where its head would say nothing. */
const PROVIDER_HEAD =
  "apiVersion: sidegate.dev/v1alpha1\nkind: AIProvider\nmetadata: {name: shown}\n"
const isSpec = ({ text }: Block): boolean => text.startsWith("spec:\n")
const isManifest = ({ text }: Block): boolean => /^(apiVersion: sidegate\.dev|spec:$)/m.test(text)

function whole(block: Block): string {
  return isSpec(block)
    ? `${PROVIDER_HEAD}${block.text}  allowedNamespaces: {from: All}\n`
    : block.text
}

test("there are some", () => {
  expect(blocks.filter(isManifest).length).toBeGreaterThan(10)
})

test.each(blocks.filter(isManifest))("the manifests at $at are taken", (block) => {
  const { findings, objects } = lintFiles([{ path: block.at, text: whole(block) }])
  // What a block refers to may be on another page.
  const errors = findings.filter(({ level }) => level === "error")
  expect(errors.map(formatFinding)).toEqual([])
  expect(objects).toBeGreaterThan(0)
})

describe("values of the chart that a page shows", () => {
  const values = firstOf(readFileSync(join(ROOT, "charts/sidegate/values.yaml"), "utf8"))
  const shown = blocks.filter((block) => !isManifest(block) && !block.text.includes("apiVersion:"))

  test.each(shown)("at $at are there", ({ text }) => {
    expect(pathsOf(firstOf(text)).filter((path) => !isIn(values, path))).toEqual([])
  })
})

function firstOf(text: string): unknown {
  return readDocuments(text).documents[0]?.toJS()
}

/** Paths of the leaves. */
function pathsOf(value: unknown): readonly (readonly string[])[] {
  const fields = asRecord(value)
  if (fields === undefined) return [[]]
  return Object.entries(fields).flatMap(([name, inner]) =>
    pathsOf(inner).map((path) => [name, ...path]),
  )
}

function isIn(value: unknown, [name, ...rest]: readonly string[]): boolean {
  if (name === undefined) return true
  const fields = asRecord(value)
  return fields !== undefined && Object.hasOwn(fields, name) && isIn(fields[name], rest)
}
