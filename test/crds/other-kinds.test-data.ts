/** ModelCatalogs, ModelPolicies and TeamQuotas: bad input C7, C8 and C11 of the catalogue. */
import { PRICE_TERMS } from "#proxy/contract/price-terms.ts"
import {
  commonSamples,
  many,
  objectOf,
  type Sample,
  type SampleObject,
  sample,
  selectorSamples,
} from "./sample.ts"

const PRICE = { input: "0.15", output: "0.6" }
const MODEL = { schema: "OpenAI", model: "gpt-4o-mini", prices: [PRICE] }

const AS = { schema: "OpenAI", model: "my-deployment" }

const models = (...list: readonly object[]): SampleObject =>
  objectOf("ModelCatalog", { models: list })
const prices = (...list: readonly object[]): SampleObject => models({ ...MODEL, prices: list })
const price = (changes: object): SampleObject => prices({ ...PRICE, ...changes })
const FAST = { when: "speed=fast", factor: "2" }
const TIER = { aboveInputTokens: 200_000, ...PRICE }
const EVERY_PRICE = {
  cachedInput: "0.1",
  cacheWrite: "1.25",
  cacheWrite1h: "2",
  inputAudio: "3",
  inputImage: "4",
  outputAudio: "5",
  outputImage: "6",
}
const FIRST_PRICE = "spec.models[0].prices[0]"

export const MODEL_CATALOG_SAMPLES: readonly Sample[] = [
  ...commonSamples("ModelCatalog", { models: [MODEL] }),
  ...["0", "0.0125", "999999", "999999.999999", "10.50"].map((input) =>
    sample(`a price of ${input}`, price({ input })),
  ),
  ...[
    "10,5",
    "1e30",
    "-1",
    "0.0000000001",
    "$5",
    "NaN",
    "5 USD",
    ".5",
    "5.",
    "05",
    "1000000",
    "Infinity",
  ].map((input) =>
    sample(
      `a price written ${JSON.stringify(input)}`,
      price({ input }),
      `${FIRST_PRICE}.input: should match`,
    ),
  ),
  sample(
    "a price with an empty text",
    price({ input: "" }),
    `${FIRST_PRICE}.input: should be at least 1 chars long`,
  ),
  sample(
    "a price of 14 characters",
    price({ input: "123456.1234567" }),
    `${FIRST_PRICE}.input: Too long`,
  ),
  sample(
    "a price that is a number",
    price({ input: 0.15 }),
    `${FIRST_PRICE}.input: must be of type string`,
  ),
  sample(
    "a price without its output",
    prices({ input: "1" }),
    `${FIRST_PRICE}.output: Required value`,
  ),
  sample("a price for cached input", price({ cachedInput: "0.075" })),
  sample("a price from a day on", prices(PRICE, { ...PRICE, from: "2026-01-01T00:00:00Z" })),
  sample("a price from a leap day on", price({ from: "2028-02-29T23:59:59Z" })),
  ...[
    "2026-02-30T00:00:00Z",
    "2027-02-29T00:00:00Z",
    "2026-04-31T00:00:00Z",
    "1969-12-31T23:59:59Z",
  ].map((from) =>
    sample(
      `a price from ${from}`,
      price({ from }),
      `${FIRST_PRICE}.from: must be a day that exists`,
    ),
  ),
  ...["2026-01-01", "2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z", "1mo", "1M"].map((from) =>
    sample(
      `a price from ${from}`,
      price({ from }),
      `${FIRST_PRICE}.from: should match`,
      `${FIRST_PRICE}.from: must be a day that exists`,
    ),
  ),
  sample(
    "a price from another time zone",
    price({ from: "2026-01-01T00:00:00+01" }),
    `${FIRST_PRICE}.from: Too long: may not be more than 20 bytes`,
  ),
  sample(
    "every price there is",
    price({ ...EVERY_PRICE, tiers: [TIER, { ...TIER, ...EVERY_PRICE, aboveInputTokens: 1000 }] }),
  ),
  ...["cacheWrite", "cacheWrite1h", "inputAudio", "inputImage", "outputAudio", "outputImage"].map(
    (name) =>
      sample(
        `a price of ${name} written $1`,
        price({ [name]: "$1" }),
        `${FIRST_PRICE}.${name}: should match`,
      ),
  ),
  sample(
    "a tier twice",
    price({ tiers: [TIER, TIER] }),
    `${FIRST_PRICE}.tiers[1]: Duplicate value: {"aboveInputTokens":200000}`,
  ),
  sample(
    "a tier of every prompt",
    price({ tiers: [{ ...TIER, aboveInputTokens: 0 }] }),
    `${FIRST_PRICE}.tiers[0].aboveInputTokens: should be greater than or equal to 1`,
  ),
  sample(
    "a tier without its output",
    price({ tiers: [{ aboveInputTokens: 200_000, input: "1" }] }),
    `${FIRST_PRICE}.tiers[0].output: Required value`,
  ),
  sample(
    "every term that a price can have",
    price({ multipliers: PRICE_TERMS.map((when) => ({ when, factor: "1.818182" })) }),
  ),
  sample(
    "a term twice",
    price({ multipliers: [FAST, FAST] }),
    `${FIRST_PRICE}.multipliers[1]: Duplicate value: {"when":"speed=fast"}`,
  ),
  sample(
    "a term that nobody knows",
    price({ multipliers: [{ ...FAST, when: "speed=slow" }] }),
    `${FIRST_PRICE}.multipliers[0].when: Unsupported value: "speed=slow"`,
  ),
  sample(
    "a term without its factor",
    price({ multipliers: [{ when: "speed=fast" }] }),
    `${FIRST_PRICE}.multipliers[0].factor: Required value`,
  ),
  ...["-1", "1.0000001", "1e3", "1000", ".5"].map((factor) =>
    sample(
      `a factor of ${factor}`,
      price({ multipliers: [{ ...FAST, factor }] }),
      `${FIRST_PRICE}.multipliers[0].factor: should match`,
    ),
  ),
  sample(
    "no multipliers",
    price({ multipliers: [] }),
    `${FIRST_PRICE}.multipliers: should have at least 1 items`,
  ),
  sample("no tiers", price({ tiers: [] }), `${FIRST_PRICE}.tiers: should have at least 1 items`),
  sample(
    "5 tiers",
    price({ tiers: many(5, (index) => ({ ...TIER, aboveInputTokens: index + 1 })) }),
    `${FIRST_PRICE}.tiers: Too many: 5: must have at most 4 items`,
  ),
  sample("no prices", prices(), "spec.models[0].prices: should have at least 1 items"),
  sample(
    "9 prices",
    prices(...many(9, () => PRICE)),
    "spec.models[0].prices: Too many: 9: must have at most 8 items",
  ),
  sample("a model of a vendor", models({ ...MODEL, vendor: "Groq" })),
  sample(
    "a vendor that nobody knows",
    models({ ...MODEL, vendor: "groq" }),
    'spec.models[0].vendor: Unsupported value: "groq"',
  ),
  sample(
    "a vendor of another schema",
    models({ ...MODEL, schema: "Simulated", vendor: "Groq" }),
    "spec.models[0].vendor: vendor is only for schema OpenAI",
  ),
  sample("a model priced as another", models({ ...AS, pricedAs: "gpt-4o" })),
  sample(
    "neither prices nor pricedAs",
    models(AS),
    "spec.models[0]: exactly one of prices and pricedAs must be set",
  ),
  sample(
    "both prices and pricedAs",
    models({ ...MODEL, pricedAs: "gpt-4o" }),
    "spec.models[0]: exactly one of prices and pricedAs must be set",
  ),
  sample(
    "a model priced as a pattern",
    models({ ...AS, pricedAs: "gpt-4*" }),
    "spec.models[0].pricedAs: should match",
  ),
  sample("a model in two schemas", models(MODEL, { ...MODEL, schema: "Simulated" })),
  sample("a pattern", models({ ...MODEL, model: "gpt-4*" }), "spec.models[0].model: should match"),
  sample("500 models", models(...many(500, (index) => ({ ...MODEL, model: `m${index}` })))),
  sample(
    "501 models",
    models(...many(501, (index) => ({ ...MODEL, model: `m${index}` }))),
    "spec.models: Too many: 501: must have at most 500 items",
  ),
]

const ALL = { namespaces: { from: "All" } }
const policy = (changes: object): SampleObject =>
  objectOf("ModelPolicy", { targets: ALL, ...changes })
const allow = (...list: readonly object[]): SampleObject => policy({ models: { allow: list } })
const ENTRY = { name: "approved", models: ["gpt-4o*"] }

export const MODEL_POLICY_SAMPLES: readonly Sample[] = [
  ...commonSamples("ModelPolicy", { targets: ALL }),
  ...selectorSamples("ModelPolicy", "spec.targets.namespaces", (namespaces) =>
    policy({ targets: { namespaces } }),
  ),
  sample(
    "everything there is",
    policy({
      mode: "Enforce",
      models: {
        default: "Deny",
        allow: [{ name: "approved", models: ["gpt-4o*", "*"], providers: ["openai", "anthropic"] }],
        deny: [
          { name: "previews", models: ["*-preview", "a*b*c"] },
          { name: "vendor", providers: ["x"] },
        ],
      },
      parameters: { maxOutputTokens: 4096 },
    }),
  ),
  sample("a disabled policy", policy({ mode: "Disabled" })),
  sample(
    "a mode that is not built",
    policy({ mode: "Shadow" }),
    'spec.mode: Unsupported value: "Shadow": supported values: "Enforce", "Disabled"',
  ),
  sample("no targets", objectOf("ModelPolicy", {}), "spec.targets: Required value"),
  sample("targets of nothing", policy({ targets: {} }), "spec.targets.namespaces: Required value"),
  sample("default: Deny alone", policy({ models: { default: "Deny" } })),
  sample(
    "default: Allow with a deny list",
    policy({ models: { default: "Allow", deny: [ENTRY] } }),
  ),
  sample(
    "default: Allow with an allow list",
    policy({ models: { default: "Allow", allow: [ENTRY] } }),
    "spec.models.default: an allow list refuses everything else",
  ),
  sample(
    "an empty allow list",
    policy({ models: { allow: [] } }),
    "spec.models.allow: should have at least 1 items",
  ),
  sample(
    "33 entries",
    allow(...many(33, (index) => ({ ...ENTRY, name: `e${index}` }))),
    "spec.models.allow: Too many: 33: must have at most 32 items",
  ),
  sample(
    "two entries of one name",
    allow(ENTRY, ENTRY),
    'spec.models.allow[1]: Duplicate value: {"name":"approved"}',
  ),
  sample("one name in both lists", policy({ models: { allow: [ENTRY], deny: [ENTRY] } })),
  sample(
    "an entry of nothing",
    allow({ name: "a" }),
    "spec.models.allow[0]: an entry needs models or providers",
  ),
  sample(
    "an entry without a name",
    allow({ models: ["a"] }),
    "spec.models.allow[0].name: Required value",
  ),
  sample(
    "an empty list of models",
    allow({ name: "a", models: [] }),
    "spec.models.allow[0].models: should have at least 1 items",
  ),
  sample(
    "65 models",
    allow({ name: "a", models: many(65, (index) => `m${index}`) }),
    "spec.models.allow[0].models: Too many: 65: must have at most 64 items",
  ),
  sample(
    "a pattern that is a regular expression",
    allow({ name: "a", models: ["^gpt-.*$"] }),
    "spec.models.allow[0].models[0]: should match",
  ),
  sample(
    "a model twice",
    allow({ name: "a", models: ["x", "x"] }),
    'spec.models.allow[0].models[1]: Duplicate value: "x"',
  ),
  sample("the least of output tokens", policy({ parameters: { maxOutputTokens: 1 } })),
  sample("the most of output tokens", policy({ parameters: { maxOutputTokens: 10_000_000 } })),
  sample(
    "no output tokens",
    policy({ parameters: { maxOutputTokens: 0 } }),
    "spec.parameters.maxOutputTokens: should be greater than or equal to 1",
  ),
  sample(
    "more output tokens than that",
    policy({ parameters: { maxOutputTokens: 10_000_001 } }),
    "spec.parameters.maxOutputTokens: should be less than or equal to 10000000",
  ),
  sample(
    "half an output token",
    policy({ parameters: { maxOutputTokens: 1.5 } }),
    "spec.parameters.maxOutputTokens: must be of type integer",
  ),
  sample(
    "output tokens as text",
    policy({ parameters: { maxOutputTokens: "4096" } }),
    "spec.parameters.maxOutputTokens: must be of type integer",
  ),
  sample(
    "parameters of nothing",
    policy({ parameters: {} }),
    "spec.parameters.maxOutputTokens: Required value",
  ),
  sample(
    "a parameter that is misspelt",
    policy({ parameters: { maxOutputTokens: 1, maxOutputToken: 1 } }),
    'unknown field "spec.parameters.maxOutputToken"',
  ),
  sample(
    "input tokens, which come later",
    policy({ parameters: { maxOutputTokens: 1, maxInputTokens: 1 } }),
    'unknown field "spec.parameters.maxInputTokens"',
  ),
  sample(
    "a use case, which comes later",
    allow({ ...ENTRY, useCases: ["support"] }),
    'unknown field "spec.models.allow[0].useCases"',
  ),
]

const quota = (spec: object): SampleObject => objectOf("TeamQuota", spec)

export const TEAM_QUOTA_SAMPLES: readonly Sample[] = [
  ...commonSamples("TeamQuota", {}),
  sample(
    "a parent and a cost center",
    quota({ parent: "engineering", costCenter: "CC-1042/7 a.b_c" }),
  ),
  sample(
    "a team that is its own parent",
    quota({ parent: "sample" }),
    "spec.parent: a team cannot be its own parent",
  ),
  sample("a parent that is no name", quota({ parent: "Engineering" }), "spec.parent: should match"),
  sample(
    "a parent that is empty",
    quota({ parent: "" }),
    "spec.parent: should be at least 1 chars long",
  ),
  sample(
    "a parent that is a list",
    quota({ parent: ["a"] }),
    "spec.parent: must be of type string",
  ),
  sample(
    "a cost center of 64 characters",
    quota({ costCenter: "c".repeat(64) }),
    "spec.costCenter: Too long: may not be more than 63 bytes",
  ),
  sample(
    "a cost center with a line end",
    quota({ costCenter: "a\nb" }),
    "spec.costCenter: should match",
  ),
  sample(
    "a cost center that is a formula",
    quota({ costCenter: "=1+1" }),
    "spec.costCenter: should match",
  ),
  sample("a budget, which comes later", quota({ budgets: [] }), 'unknown field "spec.budgets"'),
]
