import { isDeepStrictEqual } from "node:util"
import { afterAll, beforeAll, expect, test } from "vitest"
import { at } from "#operator/kube/json-path.ts"
import { applyFresh, field, get, kubectl, MINUTES_MS, remove, until } from "../cluster.ts"
import { scaleAway, scaleBack, WEBHOOK } from "../installation.ts"

const MANIFEST = "e2e/ainamespace/team.yaml"
const N = ["-n", "e2e-ainamespace"] as const

beforeAll(() => applyFresh(MANIFEST))
afterAll(() => remove(MANIFEST))

const status = (): unknown => at(get("ainamespace", "default", ...N), "status")
const as = (who: string): string => `--as=system:serviceaccount:e2e-ainamespace:${who}`

/** `yes` or `no`; kubectl fails with the second. */
function may(who: string, verb: string, what: string, ...flags: readonly string[]): string {
  try {
    return kubectl("auth", "can-i", verb, what, ...flags, ...N, as(who)).trim()
  } catch (error) {
    const isAnswer = error instanceof Error && error.message.trimEnd().endsWith("no")
    if (isAnswer) return "no"
    throw error
  }
}

test("it says what holds, and that the one sidecar is up to date", async () => {
  const holds = {
    injection: "Enabled",
    team: { name: "e2e-readers", costCenter: "CC-3000" },
    models: { total: 1, names: ["smart"] },
    sidecars: { connected: 1, programmed: 1 },
    versions: [{ release: "0.1.0", sidecars: 1 }],
  }
  // Counts are written once a minute: one may be of a sidecar that has only just connected.
  const isSaid = () => {
    expect(status()).toMatchObject(holds)
    return true
  }
  await until("the sidecar in the status", isSaid, MINUTES_MS)
  const counted = {
    injected: 1,
    uninjected: { total: 0, names: [] },
    bypassing: { total: 1, names: ["opted-out"] },
  }
  const isCounted = () => isDeepStrictEqual(at(status(), "pods"), counted)
  await until("both pods in the status", isCounted, MINUTES_MS)
})

test("a pod that started while the webhook was away shows, and made anew it does not", async () => {
  await scaleAway(WEBHOOK)
  kubectl("apply", "-f", "e2e/ainamespace/away.yaml")
  await scaleBack()
  const names = () => field(".status.pods.uninjected.names", "ain/default", ...N)
  await until("the pod in the status", () => names().includes("made-meanwhile"), MINUTES_MS)
  kubectl("replace", "--force", "-f", "e2e/ainamespace/away.yaml")
  const isCounted = () => {
    const { injected, uninjected } = Object(at(status(), "pods"))
    return injected === 2 && at(uninjected, "total") === 0
  }
  await until("it is counted as injected", isCounted, MINUTES_MS)
})

test("view reads it, edit reads it, and neither writes it", () => {
  const table = kubectl("get", "ain", ...N, as("viewer"))
  expect(table).toMatch(/NAME\s+TEAM\s+MODELS\s+SIDECARS\s+PROGRAMMED\s+UNINJECTED\s+BYPASSING/)
  expect(table).toMatch(/default\s+e2e-readers\s+1\s/)
  for (const who of ["viewer", "editor"]) {
    const reads = ["get", "list", "watch"].map((verb) => may(who, verb, "ainamespaces"))
    expect(reads).toEqual(["yes", "yes", "yes"])
    const writes = ["create", "update", "patch", "delete", "deletecollection"].flatMap((verb) => [
      may(who, verb, "ainamespaces.sidegate.dev"),
      may(who, verb, "ainamespaces.sidegate.dev", "--subresource=status"),
    ])
    expect(new Set(writes)).toEqual(new Set(["no"]))
  }
  expect(may("editor", "create", "airoutes.sidegate.dev")).toBe("yes")
  expect(() => kubectl("delete", "ain", "default", ...N, as("editor"))).toThrow("forbidden")
})

test("what an administrator deletes comes back", async () => {
  const before = field(".metadata.uid", "ain/default", ...N)
  kubectl("delete", "ain", "default", ...N)
  await until("it is made anew", () => {
    const uid = field(".metadata.uid", "ain/default", ...N)
    return uid !== before && field(".status.team.name", "ain/default", ...N) === "e2e-readers"
  })
})

test("it goes when the namespace is injected no longer and has no route and no sidecar", async () => {
  kubectl("label", "namespace", "e2e-ainamespace", "sidegate.dev/injection-")
  await until("that it is not injected", () =>
    field('.status.conditions[?(@.type=="Ready")].reason', "ain/default", ...N).includes(
      "NotInjected",
    ),
  )
  kubectl("delete", "airoute", "chat", ...N)
  kubectl("delete", "pod", "--all", "--grace-period=1", ...N)
  const left = () => kubectl("get", "ain", "-o", "name", ...N).trim()
  await until("its end", () => left() === "", MINUTES_MS)
})
