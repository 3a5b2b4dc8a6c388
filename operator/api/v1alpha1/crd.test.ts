import { describe, expect, test } from "vitest"
import { crdOf, type JsonObject } from "./crd.ts"
import { KINDS } from "./registry.ts"

interface Node {
  readonly path: string
  readonly schema: JsonObject
}

const nodes = KINDS.flatMap((definition) => walk(definition.kind, schemaOf(crdOf(definition))))

describe("every CRD schema", () => {
  test("says what each field is for", () => {
    const isText = (text: unknown) => typeof text === "string" && text.length > 10
    const silent = nodes.filter(
      ({ path, schema }) =>
        !/\[\]$|\.metadata(\.name)?$/.test(path) && !isText(schema["description"]),
    )
    expect(silent.map(({ path }) => path)).toEqual([])
  })
  test("is bounded everywhere, so that CEL can cost it", () => {
    const unbounded = nodes.filter(({ path, schema }) => {
      if (/^\w+\.(apiVersion|kind|metadata(\.name)?)$/.test(path)) return false
      const { type, maxLength, maxItems, maxProperties, maximum } = schema
      if (type === "string") return maxLength === undefined && schema["enum"] === undefined
      if (type === "array") return maxItems === undefined
      if (type === "integer") return maximum === undefined && schema["format"] !== "int64"
      return schema["additionalProperties"] !== undefined && maxProperties === undefined
    })
    expect(unbounded.map(({ path }) => path)).toEqual([])
  })
  test("has a type, a list type for each list, and no default or union", () => {
    const strange = nodes.filter(({ schema }) => {
      const keys = ["default", "oneOf", "anyOf", "allOf", "$ref", "nullable"]
      const isListBare = schema["type"] === "array" && !("x-kubernetes-list-type" in schema)
      return schema["type"] === undefined || isListBare || keys.some((key) => key in schema)
    })
    expect(strange.map(({ path }) => path)).toEqual([])
  })
  test("has no name or value that YAML 1.1 reads as a boolean or null", () => {
    // `metav1.Condition` has `True` and `False`; people read them and never write them.
    const written = nodes.filter(({ path }) => !path.endsWith(".conditions[].status"))
    const words = written.flatMap(({ path, schema }) => [
      path.split(".").at(-1) ?? "",
      ...(Array.isArray(schema["enum"]) ? schema["enum"].map(String) : []),
    ])
    expect(words.filter((word) => /^(y|n|yes|no|on|off|true|false|null)$/i.test(word))).toEqual([])
  })
  test("has patterns that RE2 takes: no look-around, no back-reference", () => {
    const patterns = nodes.flatMap(({ schema }) =>
      schema["pattern"] ? [String(schema["pattern"])] : [],
    )
    expect(patterns.length).toBeGreaterThan(5)
    expect(patterns.filter((pattern) => /\(\?[=!<]|\\[1-9]/.test(pattern))).toEqual([])
  })
})

test("each kind belongs to the category and has its scope", () => {
  const facts = KINDS.map(({ kind, scope, shortNames }) => `${kind} ${scope} ${shortNames.join()}`)
  expect(facts).toEqual([
    "AINamespace Namespaced ain",
    "AIProvider Cluster aip",
    "AIRoute Namespaced air",
    "ModelCatalog Cluster mc",
    "ModelPolicy Cluster mp",
    "TeamQuota Cluster tq",
  ])
})

function schemaOf(crd: unknown): JsonObject {
  return dig(crd, ["spec", "versions", "0", "schema", "openAPIV3Schema"])
}

function dig(value: unknown, path: readonly string[]): JsonObject {
  const found = path.reduce((at, name) => Object(at)[name], value)
  return Object(found)
}

function walk(path: string, schema: JsonObject): readonly Node[] {
  const properties = Object.entries(Object(schema["properties"]))
  const inner = properties.flatMap(([name, field]) => walk(`${path}.${name}`, Object(field)))
  const items = schema["items"] === undefined ? [] : walk(`${path}[]`, Object(schema["items"]))
  return [{ path, schema }, ...inner, ...items]
}
