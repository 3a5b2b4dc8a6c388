/** AIProvider: an upstream and the rules under which it may be used. */
import * as z from "zod"
import { PROVIDER_SCHEMAS } from "#proxy/contract/snapshot.ts"
import { VENDORS } from "#proxy/contract/vendors.ts"
import { Credentials } from "./credentials.ts"
import { duration, namespaceChoice } from "./fields.ts"
import { type KindDefinition, NAME_RULE } from "./kind-definition.ts"
import { type Frozen, parserOf } from "./parse.ts"
import { Endpoint, PUBLIC_ENDPOINT_RULE } from "./provider-endpoint.ts"
import { ENDPOINT_RULES, SCHEMA_MEMBERS, SCHEMA_RULES, SCHEMA_WORDS } from "./provider-schemas.ts"
import { ruled } from "./rule.ts"
import { AGE_COLUMN, READY_COLUMNS, SIDECAR_COLUMNS, Status } from "./status.ts"

const Spec = ruled(
  z.strictObject({
    schema: z.enum(PROVIDER_SCHEMAS).describe(`What the upstream speaks. ${SCHEMA_WORDS}`),
    vendor: z
      .enum(VENDORS.map(({ name }) => name))
      .describe(
        "Whose variant of OpenAI's API it is, for what differs: names of fields, how a stream " +
          "reports usage, what is refused. Only with schema OpenAI. When absent it is recognised " +
          "by the endpoint's host; a host that is not known is taken for a plain server.",
      )
      .optional(),
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
    ...SCHEMA_MEMBERS,
  }),
  [
    ...SCHEMA_RULES,
    ...ENDPOINT_RULES,
    {
      cel:
        "self.schema != 'Simulated' || !has(self.credentials) || " +
        "self.credentials.type == 'None'",
      message: "schema Simulated takes no credentials",
      fieldPath: ".credentials",
      holds: ({ schema, credentials }) =>
        schema !== "Simulated" || credentials === undefined || credentials.type === "None",
    },
    PUBLIC_ENDPOINT_RULE,
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
