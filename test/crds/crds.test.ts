import { readdirSync, statSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { beforeAll, expect, test } from "vitest"
import { asRecord } from "#cli/manifests/manifest.ts"
import { crdOf, type JsonObject } from "#operator/api/v1alpha1/crd.ts"
import { KINDS } from "#operator/api/v1alpha1/registry.ts"
import { kubectl } from "#test/control-plane/control-plane.ts"
import { applyCrds, createNamespace } from "#test/control-plane/namespaces.ts"
import { sharedControlPlane } from "#test/control-plane/shared.ts"
import type { Sample } from "./sample.ts"
import { SAMPLES } from "./samples.test-data.ts"

const FOLDER = fileURLToPath(new URL("../../crds/", import.meta.url))
const files = readdirSync(FOLDER).filter((name) => name.endsWith(".yaml"))
const single = files.filter((name) => name !== "crds.yaml")

beforeAll(async () => {
  await applyCrds(sharedControlPlane())
})

test("there is one file a kind, and one with all", () => {
  const wanted = [...KINDS.map(({ plural }) => `${plural}.yaml`), "crds.yaml"].sort()
  expect([...files].sort()).toEqual(wanted)
})

test.each(single)("%s is under 200 KiB", (name) => {
  expect(statSync(FOLDER + name).size).toBeLessThan(200 * 1024)
})

test("a second client-side apply changes nothing: no default drifts", async () => {
  const access = sharedControlPlane()
  const args = single.flatMap((name) => ["-f", FOLDER + name])
  // The first takes them over from server-side apply.
  await kubectl(access, ["apply", ...args])
  const { code, stdout } = await kubectl(access, ["apply", ...args])
  expect(code).toBe(0)
  expect(stdout.trim().split("\n").sort()).toEqual(
    KINDS.map(
      ({ plural }) =>
        `customresourcedefinition.apiextensions.k8s.io/${plural}.sidegate.dev unchanged`,
    ).sort(),
  )
})

// kubectl asks for and writes each of them, twice: hundreds of requests one after another.
test("a second client-side apply of each good sample changes nothing either", async () => {
  const access = sharedControlPlane()
  const namespace = await createNamespace(access, "drift")
  const items = SAMPLES.filter(isPlain).map(({ object }, index) => ({
    ...object,
    metadata: { ...object.metadata, name: `drift-${index}`, labels: { "test/drift": namespace } },
  }))
  const list = JSON.stringify({ apiVersion: "v1", kind: "List", items })
  const apply = ["apply", "-n", namespace, "-f", "-"]
  expect((await kubectl(access, apply, list)).stderr.replaceAll(/^Warning: .*\n/gm, "")).toBe("")
  const { stdout } = await kubectl(access, apply, list)
  expect(stdout.split("\n").filter((line) => line !== "" && !line.endsWith(" unchanged"))).toEqual(
    [],
  )
  // By their label: other suites have objects in the same cluster.
  const kinds = KINDS.map(({ plural }) => plural).join(",")
  const remove = ["delete", kinds, "-l", `test/drift=${namespace}`, "-n", namespace]
  expect(await kubectl(access, remove)).toMatchObject({ code: 0 })
})

test.each(KINDS)("kubectl explain teaches every field of $kind", async (definition) => {
  const { plural } = definition
  const { code, stdout } = await kubectl(sharedControlPlane(), ["explain", plural, "--recursive"])
  expect(code).toBe(0)
  const bare = fieldsOf(crdSchema(definition)).filter(({ path, schema }) => {
    // What `metadata` is, Kubernetes itself explains.
    return !path.startsWith("metadata") && typeof schema["description"] !== "string"
  })
  expect(bare.map(({ path }) => path)).toEqual([])
  for (const { path } of fieldsOf(crdSchema(definition))) {
    expect(stdout).toMatch(new RegExp(`^ *${path.split(".").at(-1)}\\t<`, "m"))
  }
  const leaf = fieldsOf(crdSchema(definition)).find(({ path }) => /^(spec|status)\./.test(path))
  const one = await kubectl(sharedControlPlane(), ["explain", `${plural}.${leaf?.path}`])
  const words = String(leaf?.schema["description"]).split(/\s+/).slice(0, 5).join(" ")
  expect(one.stdout.replaceAll(/\s+/g, " ")).toContain(words)
})

test("kubectl get sidegate lists every kind", async () => {
  const args = ["api-resources", "--categories=sidegate", "-o", "name"]
  const { stdout } = await kubectl(sharedControlPlane(), args)
  expect(stdout.trim().split("\n").sort()).toEqual(
    KINDS.map(({ plural }) => `${plural}.sidegate.dev`).sort(),
  )
})

/** In order, of any name, and nothing in it that kubectl itself refuses or drops. */
function isPlain({ object, faults }: Sample): boolean {
  if (object.kind === "AINamespace") return false
  return faults.length === 0 && !("status" in object) && !JSON.stringify(object).includes("null")
}

interface Field {
  readonly path: string
  readonly schema: JsonObject
}

function crdSchema(definition: (typeof KINDS)[number]): JsonObject {
  const versions = asRecord(crdOf(definition)["spec"])?.["versions"]
  const first = asRecord(Array.isArray(versions) ? versions[0] : undefined)
  return asRecord(asRecord(first?.["schema"])?.["openAPIV3Schema"]) ?? {}
}

function fieldsOf(schema: JsonObject, prefix = ""): readonly Field[] {
  const items = asRecord(schema["items"])
  if (items !== undefined) return fieldsOf(items, prefix)
  return Object.entries(asRecord(schema["properties"]) ?? {}).flatMap(([name, raw]) => {
    const inner = asRecord(raw) ?? {}
    const path = prefix === "" ? name : `${prefix}.${name}`
    return [{ path, schema: inner }, ...fieldsOf(inner, path)]
  })
}
