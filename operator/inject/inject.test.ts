import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { readSidecarConfig } from "#proxy/config.ts"
import { applyPatch } from "#test/golden/inject/apply-patch.ts"
import { SETTINGS } from "#test/golden/inject/settings.test-data.ts"
import { ENVIRONMENT } from "./environment.ts"
import { type Injection, type InjectNamespace, inject } from "./inject.ts"
import { parseQuantity } from "./quantity.ts"
import { sidecarContainer } from "./sidecar.ts"

const containerName = fc.constantFrom(
  ...["app", "second", "migrate", "istio-init", "istio-proxy", "linkerd-proxy", "sidegate-proxy"],
)
const source = fc.constantFrom(
  { configMapRef: { name: "sidegate-env", optional: true } },
  { configMapRef: { name: "sidegate-env" } },
  { prefix: "X_", configMapRef: { name: "sidegate-env" } },
  { secretRef: { name: "own" } },
)
const amounts = fc.constantFrom({}, { cpu: "1", memory: "1Gi" }, { cpu: "500m" }, { cpu: 2 })
const container = fc.record(
  {
    name: containerName,
    image: fc.constant("registry.example/app:1"),
    envFrom: fc.array(source, { maxLength: 3 }),
    ports: fc.constantFrom([], [{ containerPort: 8080 }], [{ containerPort: 4142 }]),
    resources: fc.record({ requests: amounts, limits: amounts }, { requiredKeys: [] }),
  },
  { requiredKeys: ["name", "image"] },
)
const volume = fc.record({
  name: fc.constantFrom("data", "sidegate-token", "sidegate-ca", "sidegate-state"),
  emptyDir: fc.constant({}),
})
const annotations = fc.dictionary(
  fc.constantFrom(
    ...["sidegate.dev/injection-status", "sidegate.dev/proxy-cpu", "sidegate.dev/proxy-memory"],
    ...["traffic.sidecar.istio.io/excludeInboundPorts", "config.linkerd.io/skip-outbound-ports"],
    "a~b/c",
  ),
  fc.constantFrom("injected@1.1.0", "skipped: PortInUse", "4142", "1,2", "*", "", "512Mi", "1"),
)
const lists = { selector: (one: { readonly name: string }) => one.name, maxLength: 4 }
const pod = fc.record({
  metadata: fc.record(
    {
      generateName: fc.constant("app-"),
      labels: fc.constantFrom(
        ...[{}, { "sidegate.dev/inject": "true" }, { "sidegate.dev/inject": "false" }],
        { "sidegate.dev/inject": "yes" },
      ),
      annotations,
    },
    { requiredKeys: [] },
  ),
  spec: fc.record(
    {
      containers: fc.uniqueArray(container, { ...lists, minLength: 1 }),
      initContainers: fc.uniqueArray(container, lists),
      volumes: fc.uniqueArray(volume, lists),
      hostNetwork: fc.boolean(),
      terminationGracePeriodSeconds: fc.integer({ min: 0, max: 4000 }),
    },
    { requiredKeys: ["containers"] },
  ),
})
const namespace: fc.Arbitrary<InjectNamespace> = fc.record({
  injection: fc.constantFrom("enabled", "opt-in"),
})

const patchOf = (injection: Injection) => (injection.kind === "leave" ? [] : injection.patch)

describe("whatever the pod", () => {
  test("the patch applies, and applied twice is applied once", () => {
    fc.assert(
      fc.property(pod, namespace, (before, facts) => {
        const once = applyPatch(before, patchOf(inject(before, facts, SETTINGS)))
        const again = inject(once, facts, SETTINGS)
        expect(patchOf(again)).toEqual([])
      }),
      { numRuns: 500 },
    )
  })

  test("an injected pod has one sidecar, and its own containers differ in envFrom alone", () => {
    fc.assert(
      fc.property(pod, namespace, (before, facts) => {
        const injection = inject(before, facts, SETTINGS)
        fc.pre(injection.kind === "patch")
        const after = containersOf(applyPatch(before, injection.patch))
        expect(after.filter(({ name }) => name === "sidegate-proxy").length).toBe(1)
        expect(withoutOurs(after)).toEqual(withoutOurs(containersOf(before)))
      }),
      { numRuns: 150 },
    )
  })

  test("nothing in it makes the function throw", () => {
    const odd = fc.record({ metadata: fc.jsonValue(), spec: fc.jsonValue() })
    const hidden = fc.record({
      metadata: fc.constant({}),
      spec: fc.record({ containers: fc.array(fc.jsonValue()), volumes: fc.jsonValue() }),
    })
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), odd, hidden), namespace, (raw, facts) => {
        expect(["patch", "skip", "leave"]).toContain(inject(raw, facts, SETTINGS).kind)
      }),
      { numRuns: 500 },
    )
  })
})

type Named = Readonly<Record<string, unknown>>

function containersOf(value: unknown): readonly Named[] {
  const { initContainers = [], containers = [] } = Object(Object(value).spec)
  return [...initContainers, ...containers]
}

function withoutOurs(containers: readonly Named[]): readonly Named[] {
  return containers
    .filter(({ name }) => name !== "sidegate-proxy")
    .map(({ envFrom: _, ...rest }) => rest)
}

const unreadable = [
  { name: "no metadata", raw: { spec: { containers: [] } }, says: "metadata is missing" },
  { name: "no spec", raw: { metadata: {} }, says: "spec is missing" },
  { name: "no containers", raw: { metadata: {}, spec: {} }, says: "spec.containers is missing" },
  {
    name: "a container without a name",
    raw: { metadata: {}, spec: { containers: [{}] } },
    says: "spec.containers[0].name is missing",
  },
  {
    name: "volumes that are no list",
    raw: { metadata: {}, spec: { containers: [], volumes: {} } },
    says: "spec.volumes is no list",
  },
]
test.each(unreadable)("$name: the pod is left alone, and the warning says where", (row) => {
  expect(inject(row.raw, { injection: "enabled" }, SETTINGS)).toEqual({
    kind: "leave",
    warning: `the pod could not be read: ${row.says}`,
  })
})

const graces = [
  { grace: 0, drainMs: 0 },
  { grace: 10, drainMs: 5000 },
  { grace: 30, drainMs: 25_000 },
  { grace: 3600, drainMs: 25_000 },
]
test.each(graces)("of a grace of $grace s, $drainMs ms are for the drain", ({ grace, drainMs }) => {
  const env = environmentOf(sidecarContainer(SETTINGS, {}, { graceSeconds: grace, holdMs: 30_000 }))
  const read = readSidecarConfig(env, "1.2.3")
  expect(read).toMatchObject({
    ok: true,
    config: {
      proxy: {
        limits: { drainMs, holdMs: 30_000 },
        app: [{ port: 4141 }, { port: 4141 }],
        ops: [{ port: 4142 }, {}],
      },
      operator: { url: SETTINGS.operatorUrl },
    },
  })
})

function environmentOf(container: Named): Readonly<Record<string, string>> {
  const { env } = container
  if (!Array.isArray(env)) throw new Error("no env")
  return Object.fromEntries(env.map(({ name, value }) => [name, value]))
}

test("the environment leads to the sidecar, and no key in it is worth anything", () => {
  expect(ENVIRONMENT).toEqual({
    OPENAI_BASE_URL: "http://127.0.0.1:4141/v1",
    OPENAI_API_KEY: "sidegate-placeholder",
    ANTHROPIC_BASE_URL: "http://127.0.0.1:4141",
    ANTHROPIC_API_KEY: "sidegate-placeholder",
    GOOGLE_GEMINI_BASE_URL: "http://127.0.0.1:4141",
    GEMINI_API_KEY: "sidegate-placeholder",
  })
})

const quantities: readonly [text: string, amount: number | null][] = [
  ["20m", 0.02],
  ["1100m", 1.1],
  ["2", 2],
  ["0.5", 0.5],
  [".5", 0.5],
  ["384Mi", 384 * 1024 ** 2],
  ["1k", 1000],
  ["1Ki", 1024],
  ["1e3", 1000],
  ["1E", 1e18],
  ["100n", 1e-7],
  ["", null],
  ["-1", null],
  ["1 Gi", null],
  ["1K", null],
  ["Mi", null],
  ["NaN", null],
]
test.each(quantities)("the quantity %j is %j", (text, amount) => {
  expect(parseQuantity(text)).toBe(amount)
})
