import { isDeepStrictEqual } from "node:util"
import { afterAll, beforeAll, expect, test } from "vitest"
import { at } from "#operator/kube/json-path.ts"
import { applyFresh, field, get, kubectl, NAMESPACE, remove, until } from "../cluster.ts"

const MANIFEST = "e2e/ainamespace/team.yaml"
const N = ["-n", "e2e-ainamespace"] as const
const WEBHOOK = ["-n", NAMESPACE, "scale", "deploy/sidegate-webhook"] as const
/** Counts are written once a minute. */
const COUNTS_MS = 100_000

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
  await until("the sidecar in the status", COUNTS_MS, () => {
    const { length } = field(".status.versions[?(@.sidecars==1)].release", "ain/default", ...N)
    return length > 0
  })
  expect(status()).toMatchObject({
    injection: "Enabled",
    team: { name: "e2e-readers", costCenter: "CC-3000" },
    models: { total: 1, names: ["smart"] },
    sidecars: { connected: 1, programmed: 1 },
  })
  const counted = {
    injected: 1,
    uninjected: { total: 0, names: [] },
    bypassing: { total: 1, names: ["opted-out"] },
  }
  const isCounted = () => isDeepStrictEqual(at(status(), "pods"), counted)
  await until("both pods in the status", COUNTS_MS, isCounted)
})

test("a pod that started while the webhook was away shows, and made anew it does not", async () => {
  kubectl(...WEBHOOK, "--replicas=0")
  const labels = "app.kubernetes.io/name=sidegate-webhook"
  await until("the webhook is gone", 60_000, () => {
    return kubectl("-n", NAMESPACE, "get", "pods", "-l", labels, "-o", "name").trim() === ""
  })
  kubectl("apply", "-f", "e2e/ainamespace/away.yaml")
  kubectl(...WEBHOOK, "--replicas=2")
  await until("the pod in the status", COUNTS_MS, () =>
    field(".status.pods.uninjected.names", "ain/default", ...N).includes("made-meanwhile"),
  )
  kubectl("-n", NAMESPACE, "rollout", "status", "deploy/sidegate-webhook", "--timeout=90s")
  kubectl("replace", "--force", "-f", "e2e/ainamespace/away.yaml")
  await until("it is counted as injected", COUNTS_MS, () => {
    const { injected, uninjected } = Object(at(status(), "pods"))
    return injected === 2 && at(uninjected, "total") === 0
  })
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
  await until("it is made anew", 30_000, () => {
    const uid = field(".metadata.uid", "ain/default", ...N)
    return uid !== before && field(".status.team.name", "ain/default", ...N) === "e2e-readers"
  })
})

test("it goes when the namespace is injected no longer and has no route and no sidecar", async () => {
  kubectl("label", "namespace", "e2e-ainamespace", "sidegate.dev/injection-")
  await until("that it is not injected", 30_000, () =>
    field('.status.conditions[?(@.type=="Ready")].reason', "ain/default", ...N).includes(
      "NotInjected",
    ),
  )
  kubectl("delete", "airoute", "chat", ...N)
  kubectl("delete", "pod", "--all", "--grace-period=1", ...N)
  await until("its end", 60_000, () => kubectl("get", "ain", "-o", "name", ...N).trim() === "")
})
