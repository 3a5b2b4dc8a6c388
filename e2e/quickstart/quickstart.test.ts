import { afterAll, beforeAll, expect, test } from "vitest"
import { apply, ask, field, kubectl, NAMESPACE, remove, until } from "../cluster.ts"

const MANIFEST = "examples/quickstart-cluster.yaml"
const N = ["-n", "quickstart"] as const
const ROUTE_READY = '.status.conditions[?(@.type=="Ready")].status'
/** Ten times what is written in the docs: a fresh machine may be slow. */
const FIRST_ANSWER_MS = 120_000

beforeAll(() => remove(MANIFEST, "--wait=true", "--timeout=120s"))
afterAll(() => remove(MANIFEST))

test("the quickstart answers an unmodified SDK in the application's container", async () => {
  const begun = performance.now()
  kubectl("apply", "-f", MANIFEST)
  kubectl(...N, "rollout", "status", "deploy/ask", "--timeout=90s")
  const answer = await until("an answer", FIRST_ANSWER_MS, () => ask("quickstart", "deploy/ask"))
  const seconds = ((performance.now() - begun) / 1000).toFixed(1)
  console.log(`kubectl apply to the first answer: ${seconds} s`)
  expect(answer.length).toBeGreaterThan(0)
  const status = field(ROUTE_READY, "airoute/chat", ...N)
  expect(status).toBe("True")
})

test("a second apply of it changes nothing", () => {
  const lines = kubectl("apply", "-f", MANIFEST).trim().split("\n")
  expect(lines.filter((line) => !line.endsWith(" unchanged"))).toEqual([])
})

test("usage of the team is in its quota", async () => {
  await until("usage in the status", 60_000, () =>
    field(".status.usage", "teamquota/quickstart").includes("okens"),
  )
})

test("when the first provider fails the second answers", async () => {
  patchProvider("quickstart-primary", { simulated: { errorPercent: 100 } })
  await until("the second backend serves", 30_000, () => servedBy() === "quickstart-secondary")
  patchProvider("quickstart-primary", { simulated: { errorPercent: 0 } })
  await until("the first serves again", 30_000, () => servedBy() === "quickstart-primary")
})

test("a disabled provider is out for every sidecar, and back when it is enabled", async () => {
  patchProvider("quickstart-primary", { disabled: true })
  await until("it is out", 30_000, () => servedBy() === "quickstart-secondary")
  patchProvider("quickstart-secondary", { disabled: true })
  await until("nothing serves", 30_000, () => refusal().includes("upstream_failed"))
  patchProvider("quickstart-primary", { disabled: false })
  patchProvider("quickstart-secondary", { disabled: false })
  await until("it is back", 30_000, () => servedBy() === "quickstart-primary")
})

test("a policy's denial names the policy and the model", async () => {
  apply(`
apiVersion: sidegate.dev/v1alpha1
kind: ModelPolicy
metadata: {name: e2e-deny}
spec:
  mode: Enforce
  targets: {namespaces: {from: All}}
  models: {default: Allow, deny: [{name: gpt, models: ["gpt-*"]}]}
`)
  const said = await until("the denial", 30_000, () => {
    const text = refusal()
    return text.includes("e2e-deny") ? text : undefined
  })
  expect(said).toContain("403")
  kubectl("delete", "modelpolicy", "e2e-deny")
  await until("it serves again", 30_000, () => servedBy() === "quickstart-primary")
})

test("with the operator away a running pod is served, and a new pod starts and says what it waits for", async () => {
  kubectl("-n", NAMESPACE, "scale", "statefulset/sidegate-operator", "--replicas=0")
  await until(
    "the operator is gone",
    60_000,
    () =>
      kubectl(
        "-n",
        NAMESPACE,
        "get",
        "pods",
        "-l",
        "app.kubernetes.io/name=sidegate-operator",
        "-o",
        "name",
      ).trim() === "",
  )
  expect(servedBy()).toBe("quickstart-primary")
  kubectl(...N, "scale", "deploy/ask", "--replicas=2")
  kubectl(...N, "rollout", "status", "deploy/ask", "--timeout=60s")
  const pods = kubectl(
    ...N,
    "get",
    "pods",
    "-l",
    "app=ask",
    "--sort-by=.metadata.creationTimestamp",
    "-o",
    "name",
  )
  const newest = pods.trim().split("\n").at(-1) ?? ""
  expect(codeOf(newest)).toContain("config_not_ready")
  kubectl("-n", NAMESPACE, "scale", "statefulset/sidegate-operator", "--replicas=1")
  await until("the new pod serves", 90_000, () => codeOf(newest) === "200")
})

/** What a plain request says: the provider that served it. */
function servedBy(): string {
  return curl("deploy/ask", "response.headers.get('x-sidegate-provider')")
}

function refusal(): string {
  return curl("deploy/ask", "response.status + ' ' + await response.text()")
}

function codeOf(target: string): string {
  return curl(target, "response.ok ? response.status : await response.text()")
}

/** `expression` is evaluated in the application's container, where there is no curl. */
function curl(target: string, expression: string): string {
  const body = { model: "smart", messages: [{ role: "user", content: "Hello?" }] }
  const init = { method: "POST", headers: { "content-type": "application/json" } }
  const program = `
    const response = await fetch(process.env.OPENAI_BASE_URL + "/chat/completions",
      { ...${JSON.stringify(init)}, body: ${JSON.stringify(JSON.stringify(body))} })
    console.log(${expression})`
  const flags = ["--input-type=module", "-e", program]
  return kubectl(...N, "exec", target, "-c", "ask", "--", "node", ...flags).trim()
}

function patchProvider(name: string, spec: object): void {
  const patch = JSON.stringify({ spec })
  kubectl("patch", "aiprovider", name, "--type=merge", "-p", patch)
}
