import { expect, test } from "vitest"
import { MANIFEST_LIMITS, parseManifests } from "./manifest.ts"

const parse = (text: string) => parseManifests({ path: "a.yaml", text })
const namespace = (name: string) => `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${name}}\n`

const faults = [
  { name: "a scalar is no object", text: "hello", want: ["1: not a Kubernetes object"] },
  { name: "no kind", text: "apiVersion: v1", want: ["1: not a Kubernetes object"] },
  {
    name: "no name",
    text: "apiVersion: v1\nkind: Namespace",
    want: ["1: Namespace: metadata.name is missing"],
  },
  {
    name: "a name that Kubernetes refuses",
    text: namespace("A_b"),
    want: [
      '1: Namespace: metadata.name must be lower-case letters, digits, "-" and ".", not "A_b"',
    ],
  },
  {
    name: "the line where the text breaks off",
    text: `${namespace("a")}---\nkind: [`,
    want: ["5: Flow sequence in block collection must be sufficiently indented and end with a ]"],
  },
  { name: "a key twice", text: "a: 1\na: 2", want: ["2: Map keys must be unique"] },
  {
    name: "an alias of what it is in",
    text: "a: &a {b: *a}",
    want: ["1: a value contains itself"],
  },
  {
    name: "a template of a chart",
    text: "{{ .Values.x }}",
    want: ["1: a key is a map or a list; a template must be rendered before it is a manifest"],
  },
  { name: "bytes", text: "a: !!binary aGVsbG8=", want: ["1: a value is tagged as bytes"] },
  { name: "a set", text: "a: !!set {b}", want: ["1: a value is tagged as bytes, a set"] },
  {
    name: "too many levels",
    text: `a: ${"[".repeat(64)}${"]".repeat(64)}`,
    want: ["1: a value has more than 64 levels"],
  },
] as const
test.each(faults)("a fault says where: $name", ({ text, want }) => {
  const found = parse(text).faults.map(({ line, message }) => `${line}: ${message}`)
  expect(found).toEqual(want.map((start) => expect.stringContaining(start)))
})

test("a broken document leaves the others in order", () => {
  const { manifests, faults } = parse(`${namespace("a")}---\nkind: 1\n---\n${namespace("b")}`)
  expect(manifests.map(({ name, line }) => [name, line])).toEqual([
    ["a", 1],
    ["b", 7],
  ])
  expect(faults).toHaveLength(1)
})

test("a field that is null is absent, and a null item of a list stays", () => {
  const text = `${namespace("a")}spec: {a: null, b: [null, {c: ~}], d: }\n`
  expect(parse(text).manifests[0]?.value["spec"]).toEqual({ b: [null, {}] })
})

test("comments and empty documents are nothing", () => {
  expect(parse("# nothing\n---\n---\n# more")).toEqual({
    file: "a.yaml",
    manifests: [],
    faults: [],
  })
})

test("a List is its items", () => {
  const item = (name: string) => `- {apiVersion: v1, kind: Namespace, metadata: {name: ${name}}}\n`
  const text = `apiVersion: v1\nkind: List\nitems:\n${item("a")}${item("b")}`
  expect(parse(text).manifests.map(({ name }) => name)).toEqual(["a", "b"])
})

test("YAML 1.1 as Kubernetes reads it: yes is true, dates and times are text", () => {
  const text = `${namespace("a")}a: yes\nb: 2026-01-01\nc: 12:30:45\nd: 0x10\n`
  const { a, b, c, d } = parse(text).manifests[0]?.value ?? {}
  expect({ a, b, c, d }).toEqual({ a: true, b: "2026-01-01", c: "12:30:45", d: 16 })
})

test("documents beyond the bound are a fault", () => {
  const { manifests, faults } = parse(
    Array.from({ length: MANIFEST_LIMITS.documentsMax + 1 }, (_, at) => namespace(`n${at}`)).join(
      "---\n",
    ),
  )
  expect(manifests).toHaveLength(MANIFEST_LIMITS.documentsMax)
  expect(faults.map(({ message }) => message)).toEqual(["more than 1000 objects in one file"])
})

test("aliases cannot make a small file large", () => {
  const levels = Array.from({ length: 12 }, (_, at) =>
    at === 0 ? "l0: &l0 [x, x]" : `l${at}: &l${at} [*l${at - 1}, *l${at - 1}]`,
  )
  const found = parse(`${namespace("a")}${levels.join("\n")}\n`)
  expect(found.manifests).toEqual([])
  expect(found.faults.map(({ message }) => message)).toEqual([expect.stringContaining("alias")])
})
