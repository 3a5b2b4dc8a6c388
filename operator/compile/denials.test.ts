import fc from "fast-check"
import { expect, test } from "vitest"
import { type AccessRule, judgeModel, type ModelAccess } from "#proxy/contract/access.ts"
import { readWorld } from "#test/golden/compile/world.ts"
import { denialsOf } from "./denials.ts"
import { readOwnRoute } from "./routes.ts"

type Rules = Extract<ModelAccess, { kind: "rules" }>

const rules = (fields: Partial<Rules>): Rules => ({
  kind: "rules",
  deny: [],
  allow: [],
  otherwise: "Allow",
  decidedBy: [],
  ...fields,
})
const entry = (models: readonly string[], providers: readonly string[] = []): AccessRule => ({
  policy: "org",
  name: "entry",
  models,
  providers,
})

function routeOf(models: readonly string[], backends: readonly object[]) {
  const spec = JSON.stringify({ models, rules: [{ name: "all", backends }] })
  const text = `kind: AIRoute\nmetadata: {name: chat, namespace: app}\nspec: ${spec}\n`
  const [found] = readWorld(text).entries
  const reading = found?.kind === "AIRoute" ? readOwnRoute(found.value) : undefined
  if (reading?.ok !== true) throw new Error(`no route: ${spec}`)
  return reading.route
}

const whyOf = (models: readonly string[], backends: readonly object[], access: ModelAccess) =>
  denialsOf(routeOf(models, backends), access, () => null).get("all") ?? null

const DENY_LARGE = rules({ deny: [entry(["large*"])] })
const ALLOW_SMALL = rules({
  allow: [entry(["small-*"])],
  otherwise: "Deny",
  decidedBy: ["org"],
})
const cases: readonly {
  readonly name: string
  readonly models: readonly string[]
  readonly backends: readonly object[]
  readonly access: ModelAccess
  readonly want: string | null
}[] = [
  {
    name: "a model that is denied",
    models: ["smart"],
    backends: [{ provider: "sim", model: "large-1" }],
    access: DENY_LARGE,
    want: "ModelPolicy org (deny entry) refuses AIProvider sim, model large-1 (403 model_denied)",
  },
  {
    name: "one backend of two that is allowed is enough",
    models: ["smart"],
    backends: [
      { provider: "sim", model: "large-1" },
      { provider: "sim", model: "small-1" },
    ],
    access: DENY_LARGE,
    want: null,
  },
  {
    name: "one name of two that is allowed is enough",
    models: ["large-1", "small-1"],
    backends: [{ provider: "sim" }],
    access: DENY_LARGE,
    want: null,
  },
  {
    name: "a pattern that is denied whole",
    models: ["large-*"],
    backends: [{ provider: "sim" }],
    access: DENY_LARGE,
    want: "ModelPolicy org (deny entry) refuses AIProvider sim, model large-* (403 model_denied)",
  },
  {
    name: "a pattern that is denied in part",
    models: ["l*"],
    backends: [{ provider: "sim" }],
    access: DENY_LARGE,
    want: null,
  },
  {
    name: "a pattern that no allow entry meets",
    models: ["large-*"],
    backends: [{ provider: "sim" }],
    access: ALLOW_SMALL,
    want: "ModelPolicy org does not allow AIProvider sim, model large-* (403 model_denied)",
  },
  {
    name: "another provider's denial",
    models: ["smart"],
    backends: [{ provider: "sim", model: "large-1" }],
    access: rules({ deny: [entry(["*"], ["other"])] }),
    want: null,
  },
  {
    name: "a broken policy",
    models: ["smart"],
    backends: [{ provider: "sim" }],
    access: { kind: "invalid", policy: "org", field: "spec.models", message: "Required value" },
    want: "ModelPolicy org is broken at spec.models (403 policy_invalid)",
  },
  {
    name: "no policy where one is needed",
    models: ["smart"],
    backends: [{ provider: "sim" }],
    access: { kind: "none" },
    want: "no ModelPolicy selects the namespace (403 no_policy)",
  },
]
test.each(cases)("$name", ({ models, backends, access, want }) => {
  expect(whyOf(models, backends, access)).toBe(want)
})

test("what is told to be denied is denied, whatever a client asks for", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 3 })
  const pattern = fc.string({ unit: fc.constantFrom("a", "b", "*"), minLength: 1, maxLength: 4 })
  const entries = fc.array(fc.array(pattern, { minLength: 1, maxLength: 2 }), { maxLength: 2 })
  fc.assert(
    fc.property(entries, entries, fc.boolean(), text, text, (deny, allow, isOpen, stem, rest) => {
      const otherwise = isOpen && allow.length === 0 ? "Allow" : "Deny"
      const lists = { deny: deny.map((one) => entry(one)), allow: allow.map((one) => entry(one)) }
      const access = rules({ ...lists, otherwise, decidedBy: ["org"] })
      const why = whyOf([`${stem}*`], [{ provider: "sim" }], access)
      if (why !== null) expect(judgeModel(access, "sim", stem + rest).kind).toBe("denied")
    }),
    { numRuns: 2000 },
  )
})
