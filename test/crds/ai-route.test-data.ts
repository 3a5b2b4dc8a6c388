/** AIRoutes: bad input C3, C13 and C14 of the catalogue, matches and model patterns. */
import {
  commonSamples,
  many,
  objectOf,
  type Sample,
  type SampleObject,
  sample,
  selectorSamples,
} from "./sample.ts"

const BACKEND = { provider: "openai" }
const RULE = { name: "all", backends: [BACKEND] }
const MINIMAL = { models: ["gpt-4o"], rules: [RULE] }

const route = (changes: object): SampleObject => objectOf("AIRoute", { ...MINIMAL, ...changes })
const rule = (changes: object): SampleObject => route({ rules: [{ ...RULE, ...changes }] })
const backends = (...list: readonly object[]): SampleObject => rule({ backends: list })
const backend = (changes: object): SampleObject => backends({ ...BACKEND, ...changes })
const match = (changes: object): SampleObject => rule({ matches: [changes] })
const header = (changes: object): SampleObject =>
  match({ headers: [{ name: "x-tier", value: "gold", ...changes }] })

const FIRST = "spec.rules[0]"
const STAR = "spec.models[0]: '*' may only be the last character"

export const AI_ROUTE_SAMPLES: readonly Sample[] = [
  ...commonSamples("AIRoute", MINIMAL),
  ...selectorSamples("AIRoute", "spec.namespaces", (namespaces) => route({ namespaces })),
  sample(
    "a route cannot serve None",
    route({ namespaces: { from: "None" } }),
    'spec.namespaces.from: Unsupported value: "None": supported values: "All", "Selector"',
  ),
  sample(
    "everything there is",
    objectOf("AIRoute", {
      models: ["smart", "gpt-4o*", "org/model:7b@2", "*"],
      rules: [
        {
          name: "gold",
          matches: [
            {
              headers: [
                { name: "x-tier", value: "gold" },
                { name: "x-a_b", value: "A b, c!" },
              ],
              workloadSelector: { matchLabels: { app: "api" } },
            },
            { workloadSelector: {} },
          ],
          strategy: { type: "Weighted" },
          backends: [
            { provider: "openai", model: "gpt-4o", weight: 62_500, priority: 0 },
            { provider: "azure.eu", model: "@cf/meta/llama", weight: 0, priority: 15 },
          ],
          retry: {
            attempts: 10,
            budgetPercent: 0,
            triggers: ["Connect", "RateLimited", "ServerError", "FirstTokenTimeout"],
          },
          timeouts: { request: "120s", firstToken: "10s", streamIdle: "1h" },
        },
        RULE,
      ],
    }),
  ),
  sample("no models", objectOf("AIRoute", { rules: [RULE] }), "spec.models: Required value"),
  sample(
    "an empty list of models",
    route({ models: [] }),
    "spec.models: should have at least 1 items",
  ),
  sample(
    "33 models",
    route({ models: many(33, (index) => `m${index}`) }),
    "spec.models: Too many: 33: must have at most 32 items",
  ),
  sample(
    "a model twice",
    route({ models: ["a", "b", "a"] }),
    'spec.models[2]: Duplicate value: "a"',
  ),
  sample("models that are text", route({ models: "a" }), "spec.models: must be of type array"),
  sample(
    "a model that is a number",
    route({ models: [4] }),
    "spec.models[0]: must be of type string",
  ),
  sample(
    "an empty model",
    route({ models: [""] }),
    "spec.models[0]: should be at least 1 chars long",
  ),
  sample(
    "a model of 129 characters",
    route({ models: ["m".repeat(129)] }),
    "spec.models[0]: Too long: may not be more than 128 bytes",
  ),
  sample("a star at the start", route({ models: ["*-preview"] }), STAR),
  sample("a star in the middle", route({ models: ["gpt-*-mini"] }), STAR),
  sample("two stars", route({ models: ["gpt-**"] }), STAR),
  ...["gpt 4", "../x", "gpt\n4", "gpt-4?", "größe", "🙂"].map((model) =>
    sample(
      `a model named ${JSON.stringify(model)}`,
      route({ models: [model] }),
      "spec.models[0]: should match",
    ),
  ),
  sample("no rules", objectOf("AIRoute", { models: ["a"] }), "spec.rules: Required value"),
  sample(
    "an empty list of rules",
    route({ rules: [] }),
    "spec.rules: should have at least 1 items",
  ),
  sample(
    "17 rules",
    route({ rules: many(17, (index) => ({ ...RULE, name: `r${index}` })) }),
    "spec.rules: Too many: 17: must have at most 16 items",
  ),
  sample(
    "two rules of one name",
    route({ rules: [RULE, RULE] }),
    'spec.rules[1]: Duplicate value: {"name":"all"}',
  ),
  sample(
    "a rule without a name",
    route({ rules: [{ backends: [BACKEND] }] }),
    `${FIRST}.name: Required value`,
  ),
  sample("a rule with a bad name", rule({ name: "All" }), `${FIRST}.name: should match`),
  sample(
    "a rule named with 64 characters",
    rule({ name: "a".repeat(64) }),
    `${FIRST}.name: Too long`,
  ),
  sample("a rule that is null", route({ rules: [null] }), `${FIRST}: must be of type object`),
  sample(
    "a rule without backends",
    route({ rules: [{ name: "a" }] }),
    `${FIRST}.backends: Required value`,
  ),
  sample(
    "an empty list of backends",
    backends(),
    `${FIRST}.backends: should have at least 1 items`,
    `${FIRST}.backends: at least one backend needs a weight above 0`,
  ),
  sample(
    "17 backends",
    backends(...many(17, () => BACKEND)),
    `${FIRST}.backends: Too many: 17: must have at most 16 items`,
  ),
  sample(
    "1,000 backends",
    backends(...many(1000, () => BACKEND)),
    `${FIRST}.backends: Too many: 1000: must have at most 16 items`,
  ),
  sample(
    "16 backends of the largest weight",
    backends(...many(16, () => ({ ...BACKEND, weight: 62_500 }))),
  ),
  sample(
    "all weights 0",
    backends({ ...BACKEND, weight: 0 }, { ...BACKEND, weight: 0, priority: 1 }),
    `${FIRST}.backends: at least one backend needs a weight above 0`,
  ),
  sample("one weight of several 0", backends({ ...BACKEND, weight: 0 }, BACKEND)),
  sample(
    "a negative weight",
    backend({ weight: -1 }),
    `${FIRST}.backends[0].weight: should be greater than or equal to 0`,
    `${FIRST}.backends: at least one backend needs a weight above 0`,
  ),
  sample(
    "a weight whose sum could pass a million",
    backend({ weight: 62_501 }),
    `${FIRST}.backends[0].weight: should be less than or equal to 62500`,
  ),
  sample(
    "half a weight",
    backend({ weight: 0.5 }),
    `${FIRST}.backends[0].weight: must be of type integer`,
  ),
  sample(
    "a weight as text",
    backend({ weight: "1" }),
    `${FIRST}.backends[0].weight: must be of type integer`,
  ),
  sample(
    "a misspelt weight",
    backend({ wieght: 1 }),
    'unknown field "spec.rules[0].backends[0].wieght"',
  ),
  sample(
    "a misspelt weight and a misspelt rule field, both told",
    rule({ timeout: {}, backends: [{ ...BACKEND, wieght: 1 }] }),
    'unknown field "spec.rules[0].backends[0].wieght"',
    'unknown field "spec.rules[0].timeout"',
  ),
  sample(
    "a priority of 16",
    backend({ priority: 16 }),
    `${FIRST}.backends[0].priority: should be less than or equal to 15`,
  ),
  sample("no provider", backends({ model: "a" }), `${FIRST}.backends[0].provider: Required value`),
  sample(
    "a provider in upper case",
    backend({ provider: "OpenAI" }),
    `${FIRST}.backends[0].provider: should match`,
  ),
  sample(
    "a pattern as the backend's model",
    backend({ model: "gpt-4*" }),
    `${FIRST}.backends[0].model: should match`,
  ),
  sample(
    "a strategy that is not built",
    rule({ strategy: { type: "LowestCost" } }),
    `${FIRST}.strategy.type: Unsupported value: "LowestCost": supported values: "Weighted"`,
  ),
  sample(
    "a strategy without a type",
    rule({ strategy: {} }),
    `${FIRST}.strategy.type: Required value`,
  ),
  sample("no matches", rule({ matches: [] })),
  sample(
    "a match of nothing",
    match({}),
    `${FIRST}.matches[0]: a match needs headers or a workloadSelector`,
  ),
  sample(
    "an empty list of headers",
    match({ headers: [] }),
    `${FIRST}.matches[0].headers: should have at least 1 items`,
  ),
  sample(
    "9 matches",
    rule({ matches: many(9, () => ({ workloadSelector: {} })) }),
    `${FIRST}.matches: Too many: 9: must have at most 8 items`,
  ),
  sample(
    "a header in upper case",
    header({ name: "X-Tier" }),
    `${FIRST}.matches[0].headers[0].name: should match`,
  ),
  sample(
    "a header without a value",
    header({ value: "" }),
    `${FIRST}.matches[0].headers[0].value: should be at least 1 chars long`,
  ),
  sample(
    "a header value with a line end",
    header({ value: "a\r\nb" }),
    `${FIRST}.matches[0].headers[0].value: should match`,
  ),
  sample(
    "a header value with a space at its end",
    header({ value: "gold " }),
    `${FIRST}.matches[0].headers[0].value: should match`,
  ),
  sample(
    "a header twice",
    match({
      headers: [
        { name: "a", value: "1" },
        { name: "a", value: "2" },
      ],
    }),
    `${FIRST}.matches[0].headers[1]: Duplicate value: {"name":"a"}`,
  ),
  sample(
    "100 attempts",
    rule({ retry: { attempts: 100 } }),
    `${FIRST}.retry.attempts: should be less than or equal to 10`,
  ),
  sample(
    "no attempt",
    rule({ retry: { attempts: 0 } }),
    `${FIRST}.retry.attempts: should be greater than or equal to 1`,
  ),
  sample(
    "a retry budget over 100 percent",
    rule({ retry: { budgetPercent: 101 } }),
    `${FIRST}.retry.budgetPercent: should be less than or equal to 100`,
  ),
  sample(
    "a trigger that is none",
    rule({ retry: { triggers: ["Always"] } }),
    `${FIRST}.retry.triggers[0]: Unsupported value: "Always"`,
  ),
  sample(
    "a trigger twice",
    rule({ retry: { triggers: ["Connect", "Connect"] } }),
    `${FIRST}.retry.triggers[1]: Duplicate value: "Connect"`,
  ),
  sample(
    "an empty list of triggers",
    rule({ retry: { triggers: [] } }),
    `${FIRST}.retry.triggers: should have at least 1 items`,
  ),
  sample("a request of a day", rule({ timeouts: { request: "24h" } })),
  sample(
    "a request of a day and a millisecond",
    rule({ timeouts: { request: "24h1ms" } }),
    `${FIRST}.timeouts.request: must be a duration from 10ms to 24h`,
  ),
  sample(
    "a request of no time",
    rule({ timeouts: { request: "0s" } }),
    `${FIRST}.timeouts.request: must be a duration from 10ms to 24h`,
  ),
  sample(
    "a first token after the end",
    rule({ timeouts: { request: "1s", firstToken: "1001ms" } }),
    `${FIRST}.timeouts.firstToken: firstToken must not be longer than request`,
  ),
  sample(
    "a first token at the end, said otherwise",
    rule({ timeouts: { request: "1m", firstToken: "60s" } }),
  ),
  sample(
    "a field that comes later",
    rule({ fallbacks: [] }),
    'unknown field "spec.rules[0].fallbacks"',
  ),
]
