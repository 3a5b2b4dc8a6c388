/** AIProviders: bad input C1 and C14 of the catalogue, unions and the credentials. */
import { identitySamples } from "./cloud-identity.test-data.ts"
import { PROVIDER_SCHEMA_SAMPLES } from "./provider-schemas.test-data.ts"
import {
  commonSamples,
  objectOf,
  type Sample,
  type SampleObject,
  sample,
  selectorSamples,
} from "./sample.ts"

const MINIMAL = {
  schema: "OpenAI",
  endpoint: "https://api.openai.com/v1",
  allowedNamespaces: { from: "All" },
}

const provider = (changes: object): SampleObject =>
  objectOf("AIProvider", { ...MINIMAL, ...changes })
const simulated = (changes: object): SampleObject =>
  objectOf("AIProvider", {
    schema: "Simulated",
    allowedNamespaces: { from: "All" },
    ...changes,
  })

const FORM = "spec.endpoint: must be http(s)://HOST[:PORT][/PATH]"
const FORBIDDEN = "spec.endpoint: metadata, link-local and unspecified addresses"
const PUBLIC = "spec.endpoint: with network Public the endpoint must be https"
const NUMERIC = "spec.endpoint: an address must be written as four decimal numbers"

/** Endpoint, complaints with network Public, complaints with network Private. */
const ENDPOINTS: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ["https://api.openai.com", [], []],
  ["https://api.openai.com/", [], []],
  ["https://api.openai.com/v1", [], []],
  ["https://api.openai.com:8443/a/b-c/v1/", [], []],
  ["https://a-b.example.io/Some_Path~1", [], []],
  ["http://api.openai.com/v1", [PUBLIC], []],
  ["http://vllm.models.svc:8000/v1", [PUBLIC], []],
  ["https://vllm.models.svc", [PUBLIC], []],
  ["https://vllm.models.svc.cluster.local", [PUBLIC], []],
  ["http://localhost:11434/v1", [PUBLIC], []],
  ["https://localhost", [PUBLIC], []],
  ["https://ollama", [PUBLIC], []],
  ["https://printer.lan", [PUBLIC], []],
  ["http://10.0.0.7:8000", [PUBLIC], []],
  ["https://8.8.8.8", [PUBLIC], []],
  ["http://[fd12:3456::7]:8000/v1", [PUBLIC], []],
  ["https://xn--80ak6aa92e.com", [PUBLIC], []],
  ["https://openai.com.", [FORM, PUBLIC], [FORM]],
  ["https://user@api.openai.com", [FORM], [FORM]],
  ["https://user:pass@api.openai.com/v1", [FORM, PUBLIC], [FORM]],
  ["https://api.openai.com/v1?key=1", [FORM], [FORM]],
  ["https://api.openai.com/v1#top", [FORM], [FORM]],
  ["https://api.openai.com/a#/../b", [FORM], [FORM]],
  ["https://api.openai.com/%2e%2e/", [FORM], [FORM]],
  ["https://api.openai.com/../admin", [FORM], [FORM]],
  ["https://api.openai.com\\@evil.example", [FORM, PUBLIC], [FORM]],
  ["https://API.openai.com", [FORM], [FORM]],
  ["https://аpi.openai.com", [FORM], [FORM]],
  ["https://api.openai.com:0", [FORM], [FORM]],
  ["https://api.openai.com:65536", [FORM], [FORM]],
  ["https://[fe80::1%25eth0]/", [FORM, FORBIDDEN, PUBLIC], [FORM, FORBIDDEN]],
  ["https://api .openai.com", [FORM], [FORM]],
  ["https://api.openai.com\n", [FORM, PUBLIC], [FORM]],
  ["https:///v1", [FORM, PUBLIC], [FORM]],
  ["ftp://api.openai.com", [FORM, PUBLIC], [FORM]],
  ["gopher://api.openai.com", [FORM, PUBLIC], [FORM]],
  ["//api.openai.com", [FORM, PUBLIC], [FORM]],
  ["api.openai.com", [FORM, PUBLIC], [FORM]],
  ["https://-a.example", [FORM], [FORM]],
  ["http://169.254.169.254", [FORBIDDEN, PUBLIC], [FORBIDDEN]],
  ["http://169.254.1.1/v1", [FORBIDDEN, PUBLIC], [FORBIDDEN]],
  ["https://metadata.google.internal", [FORBIDDEN, PUBLIC], [FORBIDDEN]],
  ["https://metadata", [FORBIDDEN, PUBLIC], [FORBIDDEN]],
  ["https://kubernetes.default.svc", [FORBIDDEN, PUBLIC], [FORBIDDEN]],
  ["http://0.0.0.0:8000", [FORBIDDEN, PUBLIC], [FORBIDDEN]],
  ["http://[fe80::1]", [FORBIDDEN, PUBLIC], [FORBIDDEN]],
  ["http://[::]", [FORBIDDEN, PUBLIC], [FORBIDDEN]],
  ["http://[::ffff:a9fe:a9fe]", [FORBIDDEN, PUBLIC], [FORBIDDEN]],
  ["http://[fd00:ec2::254]", [FORBIDDEN, PUBLIC], [FORBIDDEN]],
  ["http://0xa9fea9fe", [NUMERIC, PUBLIC], [NUMERIC]],
  ["http://2852039166", [NUMERIC, PUBLIC], [NUMERIC]],
  ["http://0251.0376.0251.0376", [NUMERIC, PUBLIC], [NUMERIC]],
  ["http://10.1", [NUMERIC, PUBLIC], [NUMERIC]],
  ["http://10.0.0.256", [NUMERIC, PUBLIC], [NUMERIC]],
]

const endpoints = ENDPOINTS.flatMap(([endpoint, whenPublic, whenPrivate]) => [
  sample(`endpoint ${endpoint}`, provider({ endpoint }), ...whenPublic),
  sample(
    `endpoint ${endpoint} with network Private`,
    provider({ endpoint, network: "Private" }),
    ...whenPrivate,
  ),
])

const LATENCY = "spec.simulated.latency"

export const AI_PROVIDER_SAMPLES: readonly Sample[] = [
  ...commonSamples("AIProvider", MINIMAL),
  ...selectorSamples("AIProvider", "spec.allowedNamespaces", (allowedNamespaces) =>
    provider({ allowedNamespaces }),
  ),
  sample("no namespace at all", provider({ allowedNamespaces: { from: "None" } })),
  sample(
    "allowedNamespaces is required: access is never by omission",
    objectOf("AIProvider", { schema: "OpenAI", endpoint: MINIMAL.endpoint }),
    "spec.allowedNamespaces: Required value",
  ),
  ...endpoints,
  ...PROVIDER_SCHEMA_SAMPLES,
  sample(
    "an empty endpoint",
    provider({ endpoint: "" }),
    "spec.endpoint: should be at least 1 chars long",
    FORM,
    PUBLIC,
  ),
  sample(
    "an endpoint of 513 characters",
    provider({ endpoint: `https://api.openai.com/${"a".repeat(490)}` }),
    "spec.endpoint: Too long: may not be more than 512 bytes",
  ),
  sample(
    "an endpoint that is a number",
    provider({ endpoint: 8 }),
    "spec.endpoint: must be of type string",
  ),
  sample(
    "OpenAI without an endpoint",
    objectOf("AIProvider", { schema: "OpenAI", allowedNamespaces: { from: "All" } }),
    "spec.endpoint: endpoint is required with schema AzureOpenAI",
  ),
  sample(
    "a schema that is not built",
    provider({ schema: "Smoke" }),
    'spec.schema: Unsupported value: "Smoke": supported values: "OpenAI", ',
  ),
  sample(
    "a schema in lower case",
    provider({ schema: "openai" }),
    'spec.schema: Unsupported value: "openai"',
  ),
  sample(
    "network of another kind",
    provider({ network: "Any" }),
    "spec.network: Unsupported value",
  ),
  sample("disabled", provider({ disabled: true })),
  sample(
    "disabled that is text",
    provider({ disabled: "true" }),
    "spec.disabled: must be of type boolean",
  ),
  sample(
    "a key from a Secret",
    provider({ credentials: { type: "Secret", secret: { name: "openai-key", key: "api-key" } } }),
  ),
  sample("no credentials, said aloud", provider({ credentials: { type: "None" } })),
  sample(
    "a Secret that is not named",
    provider({ credentials: { type: "Secret" } }),
    "spec.credentials.secret: secret is required when type is Secret",
  ),
  sample(
    "a Secret that None would ignore",
    provider({ credentials: { type: "None", secret: { name: "a", key: "b" } } }),
    "spec.credentials.secret: secret is required when type is Secret",
  ),
  sample(
    "a Secret without its key",
    provider({ credentials: { type: "Secret", secret: { name: "a" } } }),
    "spec.credentials.secret.key: Required value",
  ),
  sample(
    "a Secret of another namespace",
    provider({ credentials: { type: "Secret", secret: { name: "other/a", key: "b" } } }),
    "spec.credentials.secret.name: should match",
  ),
  ...identitySamples(),
  sample(
    "a key in the clear",
    provider({ credentials: { type: "None", apiKey: "sk-1" } }),
    'unknown field "spec.credentials.apiKey"',
  ),
  ...["10ms", "1s", "59s999ms", "1m"].map((connect) =>
    sample(`a connect timeout of ${connect}`, provider({ timeouts: { connect } })),
  ),
  ...["0s", "9ms", "1m1ms", "24h", "99999h"].map((connect) =>
    sample(
      `a connect timeout of ${connect}`,
      provider({ timeouts: { connect } }),
      "spec.timeouts.connect: must be a duration from 10ms to 1m",
    ),
  ),
  ...["1.5s", "1s1s1s1s1s"].map((connect) =>
    sample(
      `a connect timeout written ${connect}, which CEL takes`,
      provider({ timeouts: { connect } }),
      "spec.timeouts.connect: should match",
    ),
  ),
  ...["", "5", "-5s", "1ns", "10y", "5 s", "5S"].map((connect) =>
    sample(
      `a connect timeout written ${JSON.stringify(connect)}`,
      provider({ timeouts: { connect } }),
      "spec.timeouts.connect: should match",
      "spec.timeouts.connect: must be a duration from 10ms to 1m",
    ),
  ),
  sample(
    "a connect timeout that is a number",
    provider({ timeouts: { connect: 5 } }),
    "spec.timeouts.connect: must be of type string",
  ),
  sample(
    "a simulated provider with everything",
    simulated({
      simulated: {
        latency: "20ms",
        tokenInterval: "0ms",
        outputTokens: 100_000,
        errorPercent: 100,
        fault: "Garbage",
      },
    }),
  ),
  sample(
    "a simulated provider with an endpoint",
    provider({ schema: "Simulated" }),
    "spec.endpoint: schema Simulated has no endpoint",
  ),
  sample(
    "a simulated provider with a key",
    simulated({ credentials: { type: "Secret", secret: { name: "a", key: "b" } } }),
    "spec.credentials: schema Simulated takes no credentials",
  ),
  sample(
    "a simulated behaviour of a real provider",
    provider({ simulated: { errorPercent: 1 } }),
    "spec.simulated: simulated is only for schema Simulated",
  ),
  sample(
    "more errors than requests",
    simulated({ simulated: { errorPercent: 101 } }),
    "spec.simulated.errorPercent: should be less than or equal to 100",
  ),
  sample(
    "fewer errors than none",
    simulated({ simulated: { errorPercent: -1 } }),
    "spec.simulated.errorPercent: should be greater than or equal to 0",
  ),
  sample(
    "half a percent",
    simulated({ simulated: { errorPercent: 0.5 } }),
    "spec.simulated.errorPercent: must be of type integer",
  ),
  sample(
    "percent as text",
    simulated({ simulated: { errorPercent: "5" } }),
    "spec.simulated.errorPercent: must be of type integer",
  ),
  sample(
    "an answer of no tokens",
    simulated({ simulated: { outputTokens: 0 } }),
    "spec.simulated.outputTokens: should be greater than or equal to 1",
  ),
  sample(
    "a number beyond every integer",
    simulated({ simulated: { outputTokens: 1e30 } }),
    "spec.simulated.outputTokens: must be of type integer",
    "spec.simulated.outputTokens: should be less than or equal to 100000",
  ),
  sample(
    "a latency over the bound",
    simulated({ simulated: { latency: "5m1ms" } }),
    `${LATENCY}: must be a duration from 0ms to 5m`,
  ),
  sample("null is as good as absent", provider({ network: null, timeouts: { connect: null } })),
  sample(
    "a label of null is no label",
    provider({ allowedNamespaces: { from: "Selector", selector: { matchLabels: { a: null } } } }),
  ),
  sample(
    "a required field of null",
    provider({ allowedNamespaces: null }),
    "spec.allowedNamespaces: Required value",
  ),
  sample(
    "an endpoint of null",
    provider({ endpoint: null }),
    "spec.endpoint: endpoint is required with schema AzureOpenAI",
  ),
  sample("a status is dropped, whatever it says", { ...provider({}), status: { conditions: 1 } }),
  sample(
    "a status with an unknown field",
    { ...provider({}), status: { ready: true } },
    'unknown field "status.ready"',
  ),
  sample(
    "three faults at once are all told",
    provider({ schema: "X", network: "Y", disabled: 1 }),
    'spec.schema: Unsupported value: "X"',
    'spec.network: Unsupported value: "Y"',
    "spec.disabled: must be of type boolean",
  ),
]
