/** Objects that the API server takes and nobody expects: the check must find nothing wrong. */
import fc from "fast-check"
import { expect, test } from "vitest"
import { compileWorld, readWorld } from "#test/golden/compile/world.ts"

/** Names that every JavaScript object knows, and some that look like numbers or lists. */
const NAMES = ["constructor", "1", "a.b"]
const LABELS = ["constructor", "toString", "valueOf", "hasOwnProperty", "a.b/constructor", "1"]
const MODELS = ["constructor", "toString", "hasOwnProperty", "1", "10", "9", "a:b/c@d+e", "@cf/x"]

const name = fc.constantFrom(...NAMES)
const labelKey = fc.constantFrom(...LABELS)
const labelValue = fc.constantFrom("", "1", "constructor", "true")
const selector = fc.oneof(
  fc.constant({}),
  fc.record({ matchLabels: fc.dictionary(labelKey, labelValue, { maxKeys: 2 }) }),
  fc.record({
    matchExpressions: fc.array(
      fc.oneof(
        fc.record({ key: labelKey, operator: fc.constantFrom("Exists", "DoesNotExist") }),
        fc.record({
          key: labelKey,
          operator: fc.constantFrom("In", "NotIn"),
          values: fc.array(labelValue, { minLength: 1, maxLength: 3 }),
        }),
      ),
      { maxLength: 3 },
    ),
  }),
)
const choice = fc.oneof(
  fc.constant({ from: "All" }),
  selector.map((chosen) => ({ from: "Selector", selector: chosen })),
)
const exact = fc.constantFrom(...MODELS)
const pattern = fc.oneof(
  exact,
  exact.map((model) => `${model}*`),
  fc.constant("*"),
)
const globs = fc.uniqueArray(fc.constantFrom("*", "**", "con*", "*r", "a:*", "1"), {
  minLength: 1,
  maxLength: 3,
})
const some = <T>(one: fc.Arbitrary<T>, maxLength: number, selectorOf: (value: T) => unknown) =>
  fc.uniqueArray(one, { minLength: 1, maxLength, selector: selectorOf })

const provider = fc.record(
  {
    schema: fc.constant("OpenAI"),
    network: fc.constant("Private"),
    endpoint: fc.constantFrom(
      "http://vllm.models.svc",
      "http://vllm.models.svc:8000/v1/",
      "https://[fd00::1]:8443/a/b",
      "http://10.0.0.7",
    ),
    allowedNamespaces: fc.oneof(choice, fc.constant({ from: "None" })),
    credentials: fc.constantFrom(
      { type: "None" },
      { type: "Secret", secret: { name: "keys", key: "constructor" } },
      { type: "Secret", secret: { name: "keys", key: "toString" } },
    ),
    disabled: fc.boolean(),
  },
  { requiredKeys: ["schema", "network", "endpoint", "allowedNamespaces"] },
)
const match = fc.record(
  {
    headers: some(
      fc.record({
        name: fc.constantFrom("constructor", "x-a"),
        value: fc.constantFrom("1", "a b"),
      }),
      2,
      (header) => header.name,
    ),
    workloadSelector: selector,
  },
  { requiredKeys: ["workloadSelector"] },
)
const backend = fc.record(
  {
    provider: name,
    model: exact,
    weight: fc.constantFrom(1, 62_500),
    priority: fc.constantFrom(0, 15),
  },
  { requiredKeys: ["provider"] },
)
const rule = fc.record(
  {
    name: fc.constantFrom("constructor", "1", "a"),
    matches: fc.array(match, { maxLength: 2 }),
    backends: fc.array(backend, { minLength: 1, maxLength: 4 }),
    timeouts: fc.constantFrom({}, { request: "10ms" }, { request: "24h", firstToken: "1h" }),
    retry: fc.constantFrom({}, { attempts: 10, budgetPercent: 0, triggers: ["Connect"] }),
  },
  { requiredKeys: ["name", "backends"] },
)
const route = fc.record(
  {
    models: fc.uniqueArray(pattern, { minLength: 1, maxLength: 3 }),
    rules: some(rule, 2, (one) => one.name),
    namespaces: choice,
  },
  { requiredKeys: ["models", "rules"] },
)
const entries = some(
  fc.record(
    { name: fc.constantFrom("constructor", "1"), models: globs, providers: fc.tuple(name) },
    { requiredKeys: ["name", "models"] },
  ),
  2,
  (entry) => entry.name,
)
const policy = fc.record(
  {
    mode: fc.constantFrom("Enforce", "Disabled"),
    targets: fc.record({ namespaces: choice }),
    models: fc.record({ allow: entries, deny: entries }, { requiredKeys: [] }),
  },
  { requiredKeys: ["targets"] },
)
const quota = fc.record({ parent: name }, { requiredKeys: [] })
const price = fc.record(
  {
    from: fc.constantFrom("1970-01-02T00:00:00Z", "2026-01-01T00:00:00Z", "9999-12-31T23:59:59Z"),
    input: fc.constantFrom("0", "999999.999999", "0.000001"),
    output: fc.constantFrom("0", "999999.999999"),
  },
  { requiredKeys: ["input", "output"] },
)
const catalog = fc.record({
  models: some(
    fc.record({
      schema: fc.constant("OpenAI"),
      model: fc.constantFrom(...MODELS, "gpt-4o"),
      prices: some(price, 3, (one) => one.from),
    }),
    3,
    (model) => model.model,
  ),
})
const namespaced = (kind: string, spec: fc.Arbitrary<unknown>, namespace: fc.Arbitrary<string>) =>
  fc.record({ kind: fc.constant(kind), name, namespace, spec })
const object = fc.oneof(
  namespaced("AIProvider", provider, fc.constant("")),
  namespaced("AIRoute", route, fc.constantFrom("app", "constructor", "sidegate-system")),
  namespaced("ModelPolicy", policy, fc.constant("")),
  namespaced("TeamQuota", quota, fc.constant("")),
  namespaced("ModelCatalog", catalog, fc.constant("")),
)
const labels = fc.dictionary(fc.constantFrom(...LABELS, "sidegate.dev/team"), labelValue)

const SECRET = {
  kind: "SecretFacts",
  name: "keys",
  type: "sidegate.dev/provider-credential",
  allowedHosts: ["vllm.models.svc:8000", "[fd00::1]"],
  keys: { constructor: { problem: null } },
  fingerprint: "f",
}

test("objects of any shape compile, whatever they are called", () => {
  fc.assert(
    fc.property(
      fc.array(object, { minLength: 4, maxLength: 16 }),
      fc.tuple(labels, labels, labels),
      (objects, [a, b, c]) => {
        const namespaces = { app: a, constructor: b, "sidegate-system": c }
        const documents = [
          SECRET,
          ...Object.entries(namespaces).map(([called, given]) => ({
            kind: "Namespace",
            metadata: { name: called, labels: given },
          })),
          ...objects.map(({ kind, name: called, namespace, spec }) => ({
            kind,
            metadata: { name: called, namespace },
            spec,
          })),
        ]
        const world = readWorld(documents.map((one) => JSON.stringify(one)).join("\n---\n"))
        const { namespaces: compiled, verdicts } = compileWorld(world)
        expect(compiled.flatMap(({ violations }) => violations)).toEqual([])
        // The kinds have said what may be written, so nothing here may be refused as unreadable
        // but cycles of teams and shared routes outside of the operator's namespace.
        const unreadable = Object.entries(verdicts).filter(
          ([, { accepted }]) =>
            accepted.startsWith("False Invalid") &&
            !/parent|only AIRoutes in the operator's namespace/.test(accepted),
        )
        expect(unreadable).toEqual([])
      },
    ),
    { numRuns: 100 },
  )
})

test("a label that is absent is absent, also when every JavaScript object has such a member", () => {
  const world = readWorld(`
kind: Namespace
metadata: {name: app}
---
kind: AIProvider
metadata: {name: sim}
spec:
  schema: Simulated
  allowedNamespaces:
    from: Selector
    selector: {matchExpressions: [{key: constructor, operator: DoesNotExist}]}
---
kind: AIRoute
metadata: {name: chat, namespace: app}
spec: {models: [smart], rules: [{name: all, backends: [{provider: sim}]}]}
`)
  const [app] = compileWorld(world).namespaces
  expect(app?.violations).toEqual([])
  expect(Object.keys(app?.snapshot.providers ?? {})).toEqual(["sim"])
})
