import { afterAll, beforeAll, expect, test } from "vitest"
import { apply, ask, field, kubectl, remove, removeWhole, rollOut, until } from "../cluster.ts"
import { OPERATOR, scaleAway, scaleBack } from "../installation.ts"

const MANIFEST = "examples/quickstart-cluster.yaml"
const N = ["-n", "quickstart"] as const
const ROUTE_READY = '.status.conditions[?(@.type=="Ready")].status'
const DENY = "e2e-deny"

beforeAll(() => removeWhole(MANIFEST))
afterAll(() => {
  remove(MANIFEST)
  kubectl("delete", "modelpolicy", DENY, "--ignore-not-found")
})

test("the quickstart answers an unmodified SDK in the application's container", async () => {
  const begun = performance.now()
  kubectl("apply", "-f", MANIFEST)
  rollOut("deploy/ask", N[1])
  const answer = await until("an answer", () => ask("quickstart", "deploy/ask"))
  const seconds = ((performance.now() - begun) / 1000).toFixed(1)
  console.log(`kubectl apply to the first answer: ${seconds} s`)
  expect(answer.length).toBeGreaterThan(0)
  await until("its route is ready", () => field(ROUTE_READY, "airoute/chat", ...N) === "True")
})

test("a second apply of it changes nothing", () => {
  const lines = kubectl("apply", "-f", MANIFEST).trim().split("\n")
  expect(lines.filter((line) => !line.endsWith(" unchanged"))).toEqual([])
})

test("usage of the team is in its quota", async () => {
  await until("usage in the status", () =>
    field(".status.usage", "teamquota/quickstart").includes("okens"),
  )
})

test("when the first provider fails the second answers", async () => {
  patchProvider("quickstart-primary", { simulated: { errorPercent: 100 } })
  await until("the second backend serves", () => servedBy() === "quickstart-secondary")
  patchProvider("quickstart-primary", { simulated: { errorPercent: 0 } })
  await until("the first serves again", () => servedBy() === "quickstart-primary")
})

test("a disabled provider is out for every sidecar, and back when it is enabled", async () => {
  patchProvider("quickstart-primary", { disabled: true })
  await until("it is out", () => servedBy() === "quickstart-secondary")
  patchProvider("quickstart-secondary", { disabled: true })
  await until("nothing serves", () => refusal().includes("upstream_failed"))
  patchProvider("quickstart-primary", { disabled: false })
  patchProvider("quickstart-secondary", { disabled: false })
  await until("it is back", () => servedBy() === "quickstart-primary")
})

test("a policy's denial names the policy and the model", async () => {
  apply(`
apiVersion: sidegate.dev/v1alpha1
kind: ModelPolicy
metadata: {name: ${DENY}}
spec:
  mode: Enforce
  targets: {namespaces: {from: All}}
  models: {default: Allow, deny: [{name: gpt, models: ["gpt-*"]}]}
`)
  const said = await until("the denial", () => {
    const text = refusal()
    return text.includes(DENY) ? text : undefined
  })
  expect(said).toContain("403")
  kubectl("delete", "modelpolicy", DENY)
  await until("it serves again", () => servedBy() === "quickstart-primary")
})

test("with the operator away a running pod is served, and a new pod starts and says what it waits for", async () => {
  await scaleAway(OPERATOR)
  expect(servedBy()).toBe("quickstart-primary")
  kubectl(...N, "scale", "deploy/ask", "--replicas=2")
  rollOut("deploy/ask", N[1])
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
  await scaleBack()
  await until("the new pod serves", () => codeOf(newest) === "200")
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
