import { describe, expect, test } from "vitest"
import { parseManifests } from "#cli/manifests/manifest.ts"
import { readObjects } from "./objects.ts"

const read = (
  text: string,
  variables: Readonly<Record<string, string>> = {},
  namespace = "default",
) =>
  readObjects([parseManifests({ path: "a.yaml", text })], {
    namespace,
    variable: (name) => variables[name],
  })

const object = (
  kind: string,
  metadata: string,
  body = "spec: {}",
  version = "sidegate.dev/v1alpha1",
) => `apiVersion: ${version}\nkind: ${kind}\nmetadata: {${metadata}}\n${body}\n---\n`

describe("where an object goes", () => {
  const cases = [
    {
      name: "a route without a namespace is played",
      text: object("AIRoute", "name: a"),
      want: "AIRoute search/a",
    },
    {
      name: "a route keeps its namespace",
      text: object("AIRoute", "name: a, namespace: other"),
      want: "AIRoute other/a",
    },
    {
      name: "a cluster-wide kind has none, whatever is written",
      text: object("AIProvider", "name: a, namespace: other"),
      want: "AIProvider a",
    },
    {
      name: "a Secret of default is one of the credentials namespace",
      text: object("Secret", "name: a, namespace: default", "data: {}", "v1"),
      want: "Secret sidegate-system/a",
    },
  ] as const
  test.each(cases)("$name", ({ text, want }) => {
    expect([...read(text, {}, "search").objects.keys()]).toContain(want)
  })

  test("a field that is null is absent, as after kubectl apply", () => {
    const body = "spec: {costCenter: null, parent: a}"
    const { objects } = read(object("TeamQuota", "name: b", body))
    expect(objects.get("TeamQuota b")?.body).toEqual({ spec: { parent: "a" } })
  })

  test("the namespaces that are played or named exist", () => {
    const { objects } = read(object("AIRoute", "name: a, namespace: other"), {}, "search")
    expect([...objects.keys()].filter((key) => key.startsWith("Namespace"))).toEqual([
      "Namespace sidegate-system",
      "Namespace search",
      "Namespace other",
    ])
  })

  test("a Namespace manifest gives labels, and its name is one", () => {
    const { objects } = read(object("Namespace", "name: default, labels: {a: b}", "", "v1"))
    expect(objects.get("Namespace default")?.labels).toEqual({
      a: "b",
      "kubernetes.io/metadata.name": "default",
    })
  })
})

describe("what is left out says so", () => {
  const cases = [
    {
      name: "kinds that play no part",
      text: object("Deployment", "name: a", "", "apps/v1"),
      want: "a.yaml:1: Deployment a: kind Deployment of apps/v1 plays no part here; it is left out",
    },
    {
      name: "another version of ours",
      text: object("AIRoute", "name: a", "", "sidegate.dev/v1"),
      want:
        "a.yaml:1: AIRoute a: no apiVersion sidegate.dev/v1; " +
        "this release knows sidegate.dev/v1alpha1",
    },
    {
      name: "a misspelt kind of ours",
      text: object("AiRoute", "name: a"),
      want:
        "a.yaml:1: AiRoute a: no kind AiRoute in sidegate.dev/v1alpha1; this release knows " +
        "AIProvider, AIRoute, ModelCatalog, ModelPolicy, TeamQuota",
    },
    {
      name: "what the operator alone writes",
      text: object("AINamespace", "name: default", ""),
      want: "a.yaml:1: AINamespace default: AINamespace is written by the operator alone; it is left out",
    },
    {
      name: "a Secret of another namespace",
      text: object("Secret", "name: a, namespace: search", "", "v1"),
      want:
        "a.yaml:1: Secret search/a: provider Secrets live in sidegate-system or default; " +
        "it is left out",
    },
    {
      name: "the second of two with one name",
      text: object("AIRoute", "name: a") + object("AIRoute", "name: a, namespace: default"),
      want: "a.yaml:6: AIRoute default/a is already in a.yaml:1; this one is left out",
    },
  ] as const
  test.each(cases)("$name", ({ text, want }) => {
    expect(read(text).notes).toEqual([want])
  })
})

describe("Secrets", () => {
  const secret = (body: string) => object("Secret", "name: s", body, "v1")
  const dataOf = (text: string, variables: Readonly<Record<string, string>> = {}) =>
    read(text, variables).objects.get("Secret sidegate-system/s")?.body

  test("stringData becomes data, and wins over it", () => {
    expect(dataOf(secret("type: t\ndata: {a: YQ==, b: Yg==}\nstringData: {b: x}"))).toEqual({
      type: "t",
      data: { a: "YQ==", b: "eA==" },
    })
  })
  test("a value that is exactly a variable comes from the environment", () => {
    const text = secret("stringData: {a: '${KEY}', b: 'x${KEY}'}")
    const encoded = Buffer.from("x${KEY}").toString("base64")
    expect(dataOf(text, { KEY: "v" })).toEqual({ type: "Opaque", data: { a: "dg==", b: encoded } })
  })
  test("an unset variable leaves the key out and is known by name", () => {
    const text = secret("stringData: {a: '${KEY}'}")
    expect(dataOf(text)).toEqual({ type: "Opaque", data: {} })
    expect([...read(text).unsetVariables]).toEqual([["s/a", "KEY"]])
  })
})
