import { readFileSync } from "node:fs"
import { afterAll, beforeAll, expect, test } from "vitest"
import { at } from "#operator/kube/json-path.ts"
import { applyFresh, ask, field, kubectl, remove, rollOut, until } from "../cluster.ts"

const MANIFEST = "e2e/hostile-app/pods.yaml"
const PROGRAM = readFileSync(new URL("attacks.ts", import.meta.url), "utf8")
const N = ["-n", "e2e-hostile"] as const
const KEY = "e2e-canary-of-the-provider"
const UNAUTHORIZED =
  '401 {"error":{"code":"unauthorized","message":"a pod-bound token for the audience sidegate is required"}}'

/** What the attacks came to. */
let result: unknown

beforeAll(async () => {
  await applyFresh(MANIFEST)
  rollOut("deploy/provider", "e2e-hostile-provider")
  await until("it is served", () => ask("e2e-hostile", "pod/app") === "Hello.")
  const neighbour = ["-n", "e2e-neighbour"] as const
  const address = await until("its neighbour has an address", () => {
    const ready = '.status.conditions[?(@.type=="Ready")].status'
    if (field(ready, "pod/app", ...neighbour) !== "True") return undefined
    return field(".status.podIP", "pod/app", ...neighbour)
  })
  const token = kubectl(...neighbour, "exec", "app", "-c", "ask", "--", ...print(TOKEN_FILE)).trim()
  const node = ["node", "--input-type=module-typescript", "-e", PROGRAM, "--", address, token]
  result = JSON.parse(kubectl(...N, "exec", "app", "-c", "ask", "--", ...node))
})
afterAll(() => remove(MANIFEST))

const TOKEN_FILE = "/var/run/secrets/kubernetes.io/serviceaccount/token"
const print = (file: string) => ["node", "-p", `require("fs").readFileSync("${file}", "utf8")`]

test("it asks for other destinations and keys, and its provider alone is dialled", () => {
  expect(at(result, "destinations")).toEqual({
    plain: "200",
    "body api_base": "400 forbidden_field",
    "body base_url, nested": "400 forbidden_field",
    "body api_key": "400 forbidden_field",
    "target in absolute form": "400 absolute_form",
    "target of two slashes": "404 endpoint_not_enabled",
    "target that climbs": "404 endpoint_not_enabled",
    "host of another": "400 bad_host",
    "x-portkey-custom-host": "200",
    "x-forwarded-host": "200",
    "authorization of its own": "200",
  })
  const look = "console.log(await (await fetch('http://127.0.0.1:8080/seen')).text())"
  const inside = ["-n", "e2e-hostile-provider", "exec", "deploy/provider", "--"] as const
  const seen: unknown = JSON.parse(kubectl(...inside, "node", "--input-type=module", "-e", look))
  expect(at(seen, "trapped")).toBe(0)
  expect(Object.keys(at(seen, "keys") ?? {})).toEqual([`Bearer ${KEY}`])
})

test("of its sidecar it finds two ports, with nothing to change and nothing secret", () => {
  expect(at(result, "listening")).toEqual(["any 4142", "loopback 4141"])
  expect(at(result, "answers")).toEqual([
    "GET 4141 /v1/models 200",
    "GET 4142 /healthz 200",
    "GET 4142 /readyz 200",
    "GET 4142 /metrics 200",
  ])
  const metrics = String(at(result, "metrics"))
  expect(at(result, "user")).toBe("200")
  expect(metrics).toContain("sidegate_")
  for (const secret of [KEY, "user-canary", "Bearer", "eyJ"]) expect(metrics).not.toContain(secret)
})

test("files and processes of its sidecar are not there, as root neither", () => {
  expect(at(result, "traces")).toEqual({
    folders: [],
    mounts: [],
    processes: [],
    key: "sidegate-placeholder",
  })
})

test("on the operator's channel it gets one answer, whatever token it shows", () => {
  expect(at(result, "channel")).toEqual({
    "no token": [UNAUTHORIZED],
    "its own ServiceAccount's": [UNAUTHORIZED],
    "another audience's": [UNAUTHORIZED],
    "another namespace's": [UNAUTHORIZED],
    "a made-up one": [UNAUTHORIZED],
  })
})

test("its neighbour's gateway and the operator's Secrets are out of its reach", () => {
  expect(at(result, "elsewhere")).toEqual({
    "its neighbour's gateway": "ECONNREFUSED",
    "Secrets of the operator": "403",
  })
})

test("a name that its pod leads to a metadata address is not dialled", async () => {
  const chat = `
    const body = JSON.stringify({ model: "smart", messages: [{ role: "user", content: "Hello?" }] })
    const headers = { "content-type": "application/json" }
    const url = process.env.OPENAI_BASE_URL + "/chat/completions"
    const answer = await fetch(url, { method: "POST", headers, body })
    console.log(answer.status, await answer.text())`
  const node = ["node", "--input-type=module", "-e", chat]
  const text = await until("an answer of the provider's", () => {
    const said = kubectl(...N, "exec", "liar", "-c", "ask", "--", ...node).trim()
    return said.includes("config_not_ready") ? undefined : said
  })
  expect(text).toContain(
    "address-denied: provider.e2e-hostile-provider.svc.cluster.local is a link-local, multicast " +
      "or cloud metadata address",
  )
})

test("nothing that came back holds the key", () => {
  expect(JSON.stringify(result)).not.toContain(KEY)
})
