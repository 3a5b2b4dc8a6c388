import { describe, expect, test } from "vitest"
import { PROVIDER_SCHEMAS } from "#proxy/contract/snapshot.ts"
import { parseAIProvider } from "./ai-provider.ts"
import { parseAIRoute } from "./ai-route.ts"
import { durationMs } from "./fields.ts"
import { parseModelCatalog } from "./model-catalog.ts"
import { parseModelPolicy } from "./model-policy.ts"
import { parseTeamQuota } from "./team-quota.ts"

const ALL = { from: "All" }

function provider(more: object) {
  return parseAIProvider({ schema: "OpenAI", allowedNamespaces: ALL, ...more })
}

function route(rule: object) {
  return parseAIRoute({
    models: ["m"],
    rules: [{ name: "a", backends: [{ provider: "p" }], ...rule }],
  })
}

describe("a public endpoint is refused when it is", () => {
  const cases = [
    ["http", "http://api.openai.com/v1"],
    ["an address", "https://10.0.0.7/v1"],
    ["an address as one number", "https://2130706433/v1"],
    ["an address in hexadecimal", "https://0x7f.0.0.1/v1"],
    ["an address in octal", "https://0177.0.0.1/v1"],
    ["an address of version 6", "https://[2001:db8::1]/v1"],
    ["this machine", "https://localhost/v1"],
    ["a name below localhost", "https://a.localhost/v1"],
    ["a name without a dot", "https://intranet/v1"],
    ["an in-cluster name", "https://vllm.models.svc/v1"],
    ["a full in-cluster name", "https://vllm.models.svc.cluster.local/v1"],
    ["an internal name", "https://metadata.google.internal/v1"],
    ["punycode", "https://xn--80ak6aa92e.com/v1"],
    ["not ASCII", "https://аpi.openai.com/v1"],
    ["in capitals", "https://API.openai.com/v1"],
    ["with a user", "https://user:pass@api.openai.com/v1"],
    ["with a query", "https://api.openai.com/v1?x=1"],
    ["with a fragment", "https://api.openai.com/v1#x"],
    ["with an escape", "https://api.openai.com/v1%2f"],
    ["with a backslash", "https://api.openai.com\\@evil.example/v1"],
    ["with a dot at the end", "https://api.openai.com./v1"],
    ["with a climbing path", "https://api.openai.com/v1/../admin"],
    ["with a port that does not exist", "https://api.openai.com:65536/v1"],
    ["with a space", "https://api.openai.com/v1 "],
    ["with a NUL", "https://api.openai.com\0/v1"],
    ["of another scheme", "gopher://api.openai.com/v1"],
    ["empty", ""],
    ["missing", undefined],
  ] as const
  test.each(cases)("%s", (_, endpoint) => {
    const parsed = provider({ endpoint })
    expect(parsed.ok ? "" : parsed.path).toBe("spec.endpoint")
  })
})

describe("an endpoint on a private network", () => {
  const cases = [
    ["http://vllm.models.svc:8000/v1", true],
    ["http://localhost:11434", true],
    ["http://10.0.0.7", true],
    ["http://[::1]:8000/v1", true],
    ["http://[fd00:1::7]/v1", true],
    ["https://api.openai.com/v1", true],
    ["http://169.254.169.254/latest", false],
    ["http://169.254.0.1", false],
    ["http://100.100.100.200", false],
    ["http://metadata.google.internal", false],
    ["http://metadata", false],
    ["http://[fe80::1]", false],
    ["http://[fd00:ec2::254]", false],
    ["http://[::ffff:a9fe:a9fe]", false],
    ["http://[0:0:0:0:0:ffff:a9fe:a9fe]", false],
    ["http://[64:ff9b::a9fe:a9fe]", false],
    ["http://[::]", false],
    ["http://0.0.0.0", false],
    ["http://2852039166", false],
    ["http://0xa9fea9fe", false],
    ["http://0251.0376.0251.0376", false],
    ["http://169.254.43518", false],
    ["http://kubernetes.default.svc", false],
    ["http://kubernetes:443/v1", false],
    ["http://1.2.3.256", false],
    ["http://[fe80::1%25eth0]", false],
  ] as const
  test.each(cases)("%s is allowed: %s", (endpoint, isAllowed) => {
    expect(provider({ endpoint, network: "Private" }).ok).toBe(isAllowed)
  })
})

describe("a spec that is refused names the field and the reason", () => {
  const cases = [
    {
      parsed: provider({ endpoint: "https://a.example", credentials: { type: "Secret" } }),
      want:
        "spec.credentials.secret: secret is required when type is Secret, and forbidden " +
        "otherwise",
    },
    {
      parsed: parseAIProvider({ schema: "OpenAI", endpoint: "https://a.example" }),
      want: "spec.allowedNamespaces: Required value",
    },
    {
      parsed: provider({ endpoint: "https://a.example", allowedNamespaces: { from: "Selector" } }),
      want:
        "spec.allowedNamespaces.selector: selector is required when from is Selector, and " +
        "forbidden otherwise",
    },
    {
      parsed: provider({ endpoint: "https://a.example", schema: "Smoke" }),
      want: `spec.schema: must be one of ${PROVIDER_SCHEMAS.join(", ")}`,
    },
    {
      parsed: provider({ endpoint: "https://a.example", timeouts: { connect: "1ns" } }),
      want: "spec.timeouts.connect: should match '^([0-9]{1,5}(h|m|s|ms)){1,4}$'",
    },
    {
      parsed: provider({ schema: "Simulated", simulated: { errorPercent: 101 } }),
      want: "spec.simulated.errorPercent: must be at most 100",
    },
    {
      parsed: provider({
        schema: "Simulated",
        credentials: { type: "Secret", secret: { name: "a", key: "b" } },
      }),
      want: "spec.credentials: schema Simulated takes no credentials",
    },
    {
      parsed: route({ retry: { attempts: 100 } }),
      want: "spec.rules[0].retry.attempts: must be at most 10",
    },
    {
      parsed: route({ backends: [{ provider: "p", weight: -1 }] }),
      want: "spec.rules[0].backends[0].weight: must be at least 0",
    },
    {
      parsed: route({ backends: Array.from({ length: 17 }, () => ({ provider: "p" })) }),
      want: "spec.rules[0].backends: must be at most 16 items long",
    },
    {
      parsed: route({ matches: [{}] }),
      want:
        "spec.rules[0].matches[0]: a match needs headers or a workloadSelector; leave matches " +
        "out to match every request",
    },
    {
      parsed: route({
        matches: [{ workloadSelector: { matchExpressions: [{ key: "a", operator: "In" }] } }],
      }),
      want:
        "spec.rules[0].matches[0].workloadSelector.matchExpressions[0].values: values are " +
        "required for In and NotIn, and forbidden for Exists and DoesNotExist",
    },
    {
      parsed: route({
        matches: [
          {
            workloadSelector: {
              matchLabels: Object.fromEntries(Array.from({ length: 17 }, (_, n) => [`k${n}`, "v"])),
            },
          },
        ],
      }),
      want:
        "spec.rules[0].matches[0].workloadSelector.matchLabels: must be at most 16 entries " +
        "long",
    },
    {
      parsed: parseAIRoute({ models: ["a", "a"], rules: [] }),
      want: "spec.rules: must be at least 1 items long",
    },
    {
      parsed: parseAIRoute({
        models: ["a", "a"],
        rules: [{ name: "r", backends: [{ provider: "p" }] }],
      }),
      want: 'spec.models[1]: Duplicate value: "a"',
    },
    {
      parsed: parseModelPolicy({
        targets: { namespaces: ALL },
        models: { default: "Allow", allow: [{ name: "a", models: ["b"] }] },
      }),
      want:
        "spec.models.default: an allow list refuses everything else; remove default: Allow or " +
        "the list",
    },
    {
      parsed: parseModelCatalog({
        models: [{ schema: "OpenAI", model: "m", prices: [{ input: "10,5", output: "1" }] }],
      }),
      want: "spec.models[0].prices[0].input: should match '^(0|[1-9][0-9]{0,5})([.][0-9]{1,6})?$'",
    },
    {
      parsed: parseModelCatalog({
        models: [
          {
            schema: "OpenAI",
            model: "m",
            prices: [{ from: "2026-02-30T00:00:00Z", input: "1", output: "1" }],
          },
        ],
      }),
      want: "spec.models[0].prices[0].from: must be a day that exists, from 1970 on",
    },
    { parsed: parseTeamQuota({ parent: null }), want: "spec.parent: must be of type string" },
    { parsed: parseTeamQuota(undefined), want: "spec: Required value" },
    { parsed: parseTeamQuota({ budgets: [] }), want: "spec.budgets: unknown field" },
  ]
  test.each(cases)("$want", ({ parsed, want }) => {
    expect(parsed.ok ? "accepted" : `${parsed.path}: ${parsed.message}`).toBe(want)
  })
})

test.each([
  ["1h2m3s4ms", 3_723_004],
  ["500ms", 500],
  ["90s", 90_000],
  ["1m1ms", 60_001],
  ["0s", 0],
])("the duration %s is %i ms", (text, want) => {
  expect(durationMs(text)).toBe(want)
})
