/** What the operator's role lets it read where a rule by name is the whole fence. */
import { beforeAll, expect, test } from "vitest"
import { textAt } from "#operator/kube/json-path.ts"
import { kubectl } from "#test/control-plane/control-plane.ts"
import { applyObjects } from "#test/control-plane/namespaces.ts"
import { soon } from "#test/control-plane/operator-process.ts"
import { sharedControlPlane } from "#test/control-plane/shared.ts"
import { NAMESPACE, render } from "./render.ts"

const access = sharedControlPlane()
const OPERATOR = `--as=system:serviceaccount:${NAMESPACE}:sidegate-operator`

async function list(selector: string): Promise<string> {
  const args = [OPERATOR, "get", "configmaps", "-A", ...(selector === "" ? [] : [selector])]
  const { stdout, stderr } = await kubectl(access, args)
  return `${stdout}${stderr}`
}

const byName = (name: string) => list(`--field-selector=metadata.name=${name}`)

beforeAll(async () => {
  const rendered = await render()
  const roles = [...rendered.values()].filter(
    (object) =>
      textAt(object, "metadata", "name") === "sidegate-operator" &&
      (textAt(object, "kind") ?? "").startsWith("ClusterRole"),
  )
  expect(roles).toHaveLength(2)
  await applyObjects(access, [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE } },
    ...(roles as object[]),
  ])
  await soon("the role is in force", async () =>
    (await byName("sidegate-ca")).includes("Forbidden") ? undefined : true,
  )
})

test.each(["sidegate-ca", "sidegate-env"])(
  "the operator lists %s in all namespaces",
  async (name) => {
    expect(await byName(name)).not.toContain("Forbidden")
  },
)

test.each([
  { name: "another ConfigMap", selector: "--field-selector=metadata.name=kube-root-ca.crt" },
  { name: "all ConfigMaps", selector: "" },
])("it does not list $name", async ({ selector }) => {
  expect(await list(selector)).toContain("Forbidden")
})
