/** AIProvider: an upstream and the rules under which it may be used. */
import * as z from "zod"
import { type ProviderSchema, SPOKEN_SCHEMAS } from "#proxy/contract/snapshot.ts"
import { duration, namespaceChoice } from "./fields.ts"
import { type KindDefinition, NAME_RULE } from "./kind-definition.ts"
import { type Frozen, parserOf } from "./parse.ts"
import { ruled } from "./rule.ts"
import { AGE_COLUMN, READY_COLUMNS, SIDECAR_COLUMNS, Status } from "./status.ts"

// Lower-case ASCII only: no user info, query, fragment, escape, backslash, trailing dot or zone can
// be written.
const LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
const HOST_NAME = `${LABEL}([.]${LABEL}){0,15}`
const HEX = "[0-9a-f]{1,4}"
const IPV6 = `\\[((${HEX}:){7}${HEX}|(${HEX}(:${HEX}){0,5})?::(${HEX}(:${HEX}){0,5})?)\\]`
const PORT =
  "([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
const PATH = "(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*){0,8}/?"
const ENDPOINT = `^https?://(${HOST_NAME}|${IPV6})(:${PORT})?${PATH}$`

const END = "(:[0-9]+)?(/|$)"
const BYTE = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
/** The last label starts with a digit: every URL parser reads such a host as a number. */
const NUMERIC = `^https?://([^/:]*[.])?[0-9][^/:.]*${END}`
const DOTTED_QUAD = `^https?://${BYTE}([.]${BYTE}){3}${END}`
/** https, and a name with a top-level domain. */
const PUBLIC = `^https://([^/:]*[.])?[a-z0-9-]+[.][a-z][a-z0-9-]*${END}`
const LOCAL = `^https?://([^/:]*[.])?(localhost|local|internal|intranet|svc|lan|home[.]arpa)${END}`
const PUNYCODE = "^https?://([^/:]*[.])?xn--"
/**
 * Metadata services, link-local, unspecified and translated addresses, and the API server itself.
 */
const FORBIDDEN = [
  "169[.]254[.]",
  "0[.][0-9]",
  "100[.]100[.]100[.]200",
  "\\[(fe[89ab][0-9a-f]:|fd00:ec2:|64:ff9b:|[0-9a-f:]*:ffff:|::\\]|[0:]*\\])",
  `metadata([.]google[.]internal)?${END}`,
  `kubernetes([.]default([.]svc([.]cluster[.]local)?)?)?${END}`,
].join("|")
const DENIED = `^https?://(${FORBIDDEN})`

const [wellFormed, numeric, dottedQuad, denied, publicHost, localHost, punycode] = [
  new RegExp(ENDPOINT),
  new RegExp(NUMERIC),
  new RegExp(DOTTED_QUAD),
  new RegExp(DENIED),
  new RegExp(PUBLIC),
  new RegExp(LOCAL),
  new RegExp(PUNYCODE),
] as const

const Endpoint = ruled(
  z
    .string()
    .min(1)
    .max(512)
    .describe(
      "Base URL of the upstream: `https://HOST[:PORT][/PATH]`, all lower case but the path, for " +
        "example `https://api.openai.com/v1`. The schema's own paths follow it, so OpenAI's " +
        "usually ends in `/v1`. Required, except for schema Simulated, which has none.",
    ),
  [
    {
      // A rule and not a `pattern`, whose message would be this expression.
      cel: `self.matches(r'${ENDPOINT}')`,
      message:
        "must be http(s)://HOST[:PORT][/PATH] with a lower-case ASCII host, without user, query, " +
        "fragment, escapes or a dot at the end",
      holds: (text) => wellFormed.test(text),
    },
    {
      cel: `!self.matches(r'${NUMERIC}') || self.matches(r'${DOTTED_QUAD}')`,
      message: "an address must be written as four decimal numbers, as in 10.0.0.7",
      holds: (text) => !numeric.test(text) || dottedQuad.test(text),
    },
    {
      cel: `!self.matches(r'${DENIED}')`,
      message:
        "metadata, link-local and unspecified addresses and the API server are never allowed",
      holds: (text) => !denied.test(text),
    },
  ],
)

const Credentials = ruled(
  z.strictObject({
    type: z
      .enum(["Secret", "None"])
      .describe("`Secret` sends a key from a Secret; `None` sends no credential."),
    secret: z
      .strictObject({
        name: z
          .string()
          .min(1)
          .max(253)
          .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/)
          .describe(
            "Name of a Secret in the credentials namespace, of type " +
              "`sidegate.dev/provider-credential`, whose annotation `sidegate.dev/allowed-hosts` " +
              "names the endpoint's host.",
          ),
        key: z
          .string()
          .min(1)
          .max(253)
          .regex(/^[-._a-zA-Z0-9]+$/)
          .describe("Key within the Secret that holds the provider's API key."),
      })
      .describe("Where the key is; required with `type: Secret`, forbidden otherwise.")
      .optional(),
  }),
  [
    {
      cel: "(self.type == 'Secret') == has(self.secret)",
      message: "secret is required when type is Secret, and forbidden otherwise",
      fieldPath: ".secret",
      holds: ({ type, secret }) => (type === "Secret") === (secret !== undefined),
    },
  ],
)

const Simulated = z.strictObject({
  latency: duration(
    "Delay before the first byte of an answer; `0ms` when absent.",
    "0ms",
    "5m",
  ).optional(),
  tokenInterval: duration(
    "Delay between two streamed tokens; `0ms` when absent.",
    "0ms",
    "1m",
  ).optional(),
  outputTokens: z
    .int()
    .min(1)
    .max(100_000)
    .describe("Length of an answer in tokens, unless the request asks for less; 32 when absent.")
    .optional(),
  errorPercent: z
    .int()
    .min(0)
    .max(100)
    .describe("Share of requests in percent that get `fault` instead of an answer; 0 when absent.")
    .optional(),
  fault: z
    .enum(["ServerError", "RateLimited", "ConnectError", "Silence", "Truncate", "Garbage"])
    .describe(
      "What goes wrong: an answer 500, an answer 429, a refused connection, no answer at all, an " +
        "answer cut in the middle, or bytes that mean nothing. `ServerError` when absent.",
    )
    .optional(),
})

const Spec = ruled(
  z.strictObject({
    schema: z
      .enum<readonly ProviderSchema[]>(SPOKEN_SCHEMAS)
      .describe(
        "What the upstream speaks. `OpenAI`: the Chat Completions API, also of vendors and " +
          "servers that copy it. `Simulated`: answers made up inside the sidecar, for trying " +
          "things out without a key.",
      ),
    endpoint: Endpoint.optional(),
    network: z
      .enum(["Public", "Private"])
      .describe(
        "`Public` (the default): https to public addresses only, checked again each time a " +
          "connection is made. `Private`: also http, in-cluster names and private addresses, for " +
          "servers such as vLLM or Ollama.",
      )
      .optional(),
    credentials: Credentials.describe(
      "How requests are authorised upstream; none are when absent.",
    ).optional(),
    allowedNamespaces: namespaceChoice(
      ["All", "Selector", "None"],
      "Namespaces whose AIRoutes may use this provider. A shared AIRoute counts as the namespace " +
        "it serves.",
      "`All` namespaces, those that `selector` selects, or `None`.",
    ),
    timeouts: z
      .strictObject({
        connect: duration(
          "Time for name lookup, connection and TLS handshake; `5s` when absent.",
          "10ms",
          "1m",
        ).optional(),
      })
      .describe("Time limits that belong to the upstream itself; the others are in AIRoute.")
      .optional(),
    disabled: z
      .boolean()
      .describe(
        "The kill switch: while true no request is sent to this provider. False when absent.",
      )
      .optional(),
    simulated: Simulated.describe(
      "Behaviour of a simulated provider; only with schema Simulated. Prompt, correct answers " +
        "when absent.",
    ).optional(),
  }),
  [
    {
      cel: "(self.schema == 'Simulated') != has(self.endpoint)",
      message: "endpoint is required, except for schema Simulated, which has none",
      fieldPath: ".endpoint",
      holds: ({ schema, endpoint }) => (schema === "Simulated") !== (endpoint !== undefined),
    },
    {
      cel: "!has(self.simulated) || self.schema == 'Simulated'",
      message: "simulated is only for schema Simulated",
      fieldPath: ".simulated",
      holds: ({ schema, simulated }) => simulated === undefined || schema === "Simulated",
    },
    {
      cel:
        "self.schema != 'Simulated' || !has(self.credentials) || " +
        "self.credentials.type == 'None'",
      message: "schema Simulated takes no credentials",
      fieldPath: ".credentials",
      holds: ({ schema, credentials }) =>
        schema !== "Simulated" || credentials === undefined || credentials.type === "None",
    },
    {
      cel:
        "(has(self.network) && self.network == 'Private') || !has(self.endpoint) || " +
        `(self.endpoint.matches(r'${PUBLIC}') && !self.endpoint.matches(r'${LOCAL}') && ` +
        `!self.endpoint.matches(r'${PUNYCODE}'))`,
      message:
        "with network Public the endpoint must be https with a public host name in ASCII; set " +
        "network: Private for http, addresses and in-cluster names",
      fieldPath: ".endpoint",
      holds: ({ network, endpoint }) =>
        network === "Private" || endpoint === undefined || isPublic(endpoint),
    },
  ],
).describe("What the upstream is and who may use it.")

export type AIProviderSpec = Frozen<z.output<typeof Spec>>

export const parseAIProvider = parserOf(Spec, "spec")

export const AI_PROVIDER: KindDefinition = {
  kind: "AIProvider",
  plural: "aiproviders",
  singular: "aiprovider",
  shortNames: ["aip"],
  scope: "Cluster",
  description:
    "AIProvider is an upstream that serves models: what it speaks, where it is, which key opens " +
    "it, and which namespaces may use it. Written by the platform team. A provider is reached " +
    "only through an AIRoute.",
  spec: Spec,
  status: Status,
  rules: [NAME_RULE],
  columns: [
    {
      name: "Schema",
      type: "string",
      jsonPath: ".spec.schema",
      description: "What the upstream speaks.",
    },
    {
      name: "Endpoint",
      type: "string",
      jsonPath: ".spec.endpoint",
      description: "Base URL of the upstream.",
      priority: 1,
    },
    {
      name: "Disabled",
      type: "boolean",
      jsonPath: ".spec.disabled",
      description: "The kill switch.",
    },
    ...READY_COLUMNS,
    ...SIDECAR_COLUMNS,
    AGE_COLUMN,
  ],
}

function isPublic(endpoint: string): boolean {
  return publicHost.test(endpoint) && !localHost.test(endpoint) && !punycode.test(endpoint)
}
