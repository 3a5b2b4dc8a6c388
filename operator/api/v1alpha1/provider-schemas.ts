/**
 * The union over `spec.schema`: a member for each schema that needs more than an endpoint, and the
 * rules that tie members, vendor and endpoint to it.
 *
 * Each text becomes part of a path or of a host name, so that it is checked against what may stand
 * there, never escaped.
 */
import * as z from "zod"
import { PROVIDER_SCHEMAS, type ProviderSchema } from "#proxy/contract/snapshot.ts"
import { VENDORS, type VendorName } from "#proxy/contract/vendors.ts"
import { duration } from "./fields.ts"
import type { Rule } from "./rule.ts"

const WORDS: Readonly<Record<ProviderSchema, string>> = {
  OpenAI: "OpenAI's API, also of vendors and servers that copy it",
  AzureOpenAI: "the same at a resource of Azure OpenAI or Microsoft Foundry",
  Anthropic: "the Messages API",
  Gemini: "the Gemini API of Google AI Studio",
  VertexAI: "models of Google and of Anthropic on Vertex AI",
  Bedrock: "Converse and InvokeModel of Amazon Bedrock",
  Cohere: "version 2 of Cohere's API",
  Simulated: "answers made up inside the sidecar, for trying things out without a key",
}

/** What each schema is. */
export const SCHEMA_WORDS = PROVIDER_SCHEMAS.map((name) => `\`${name}\`: ${WORDS[name]}.`).join(" ")

const AzureOpenAI = z.strictObject({
  apiVersion: z
    .string()
    .max(18)
    .regex(/^20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])(-preview)?$/)
    .describe(
      "Version of the API, for example `2024-10-21`: requests then go to " +
        "`/openai/deployments/MODEL`, and the model of a backend is the name of a deployment. " +
        "When absent they go to the paths under `/openai/v1`, which need no version.",
    )
    .optional(),
})

const VertexAI = z.strictObject({
  project: z
    .string()
    .min(1)
    .max(94)
    .regex(/^([a-z][a-z0-9.-]{1,62}:)?[a-z0-9][a-z0-9-]{0,28}[a-z0-9]$/)
    .describe("Id or number of the Google Cloud project that is billed, for example `my-project`."),
  location: z
    .string()
    .min(2)
    .max(32)
    .regex(/^[a-z]{2,16}(-[a-z]{2,16}[0-9]{1,2})?$/)
    .describe(
      "Where the model runs: a region such as `europe-west4`, a multi-region (`us`, `eu`), or " +
        "`global`.",
    ),
})

const Bedrock = z.strictObject({
  region: z
    .string()
    .min(1)
    .max(32)
    .regex(/^[a-z]{2,4}(-[a-z]{2,12}){1,3}-[0-9]{1,2}$/)
    .describe("AWS region, for example `eu-central-1`; requests are signed for it."),
})

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

/** At most the one that `schema` names is set. */
export const SCHEMA_MEMBERS = {
  azureOpenAI: AzureOpenAI.describe(
    "How Azure OpenAI is asked; only with schema AzureOpenAI. The paths under `/openai/v1` when " +
      "absent.",
  ).optional(),
  vertexAI: VertexAI.describe(
    "Project and location; required with schema VertexAI, forbidden otherwise.",
  ).optional(),
  bedrock: Bedrock.describe(
    "Region of Amazon Bedrock; required with schema Bedrock, forbidden otherwise.",
  ).optional(),
  simulated: Simulated.describe(
    "Behaviour of a simulated provider; only with schema Simulated. Prompt, correct answers " +
      "when absent.",
  ).optional(),
}

interface Identity {
  readonly workloadIdentity?: { readonly aws?: { readonly region: string } | undefined } | undefined
}

interface Upstream {
  readonly schema: ProviderSchema
  readonly vendor?: VendorName | undefined
  readonly endpoint?: string | undefined
  readonly azureOpenAI?: object | undefined
  readonly vertexAI?: object | undefined
  readonly bedrock?: { readonly region: string } | undefined
  readonly simulated?: object | undefined
  readonly credentials?: Identity | undefined
}

export const SCHEMA_RULES: readonly Rule<Upstream>[] = [
  {
    cel: "!has(self.vendor) || self.schema == 'OpenAI'",
    message: "vendor is only for schema OpenAI",
    fieldPath: ".vendor",
    holds: ({ schema, vendor }) => vendor === undefined || schema === "OpenAI",
  },
  {
    cel: "!has(self.azureOpenAI) || self.schema == 'AzureOpenAI'",
    message: "azureOpenAI is only for schema AzureOpenAI",
    fieldPath: ".azureOpenAI",
    holds: ({ schema, azureOpenAI }) => azureOpenAI === undefined || schema === "AzureOpenAI",
  },
  {
    cel: "(self.schema == 'VertexAI') == has(self.vertexAI)",
    message: "vertexAI is required with schema VertexAI, and forbidden otherwise",
    fieldPath: ".vertexAI",
    holds: ({ schema, vertexAI }) => (schema === "VertexAI") === (vertexAI !== undefined),
  },
  {
    cel: "(self.schema == 'Bedrock') == has(self.bedrock)",
    message: "bedrock is required with schema Bedrock, and forbidden otherwise",
    fieldPath: ".bedrock",
    holds: ({ schema, bedrock }) => (schema === "Bedrock") === (bedrock !== undefined),
  },
  {
    cel:
      "!has(self.bedrock) || !has(self.credentials) || !has(self.credentials.workloadIdentity) " +
      "|| !has(self.credentials.workloadIdentity.aws) || " +
      "self.credentials.workloadIdentity.aws.region == self.bedrock.region",
    message: "requests are signed for this region, so that it must be that of bedrock",
    fieldPath: ".credentials.workloadIdentity.aws.region",
    holds: ({ bedrock, credentials }) => {
      const signed = credentials?.workloadIdentity?.aws?.region
      return bedrock === undefined || signed === undefined || signed === bedrock.region
    },
  },
  {
    cel: "!has(self.simulated) || self.schema == 'Simulated'",
    message: "simulated is only for schema Simulated",
    fieldPath: ".simulated",
    holds: ({ schema, simulated }) => simulated === undefined || schema === "Simulated",
  },
]

const LOCATED: readonly VendorName[] = VENDORS.flatMap(({ name, endpoint }) =>
  endpoint === null ? [] : [name],
)
/** Partitions of AWS whose hosts are not under amazonaws.com. */
const APART = "^(cn|eusc|us-iso[a-z]*|eu-iso[a-z]*)-"
/** What the paths of every upstream schema but OpenAI begin with. */
const VERSIONED = "/(openai|v[0-9]+[a-z0-9]*)/?$"
const [apart, versioned] = [new RegExp(APART), new RegExp(VERSIONED)]

export const ENDPOINT_RULES: readonly Rule<Upstream>[] = [
  {
    cel: "self.schema != 'Simulated' || !has(self.endpoint)",
    message: "schema Simulated has no endpoint",
    fieldPath: ".endpoint",
    holds: ({ schema, endpoint }) => schema !== "Simulated" || endpoint === undefined,
  },
  {
    cel:
      "has(self.endpoint) || !(self.schema in ['OpenAI', 'AzureOpenAI']) || " +
      `(has(self.vendor) && self.vendor in [${LOCATED.map((name) => `'${name}'`).join(", ")}])`,
    message:
      "endpoint is required with schema AzureOpenAI, and with OpenAI unless vendor names one " +
      "that has an endpoint of its own",
    fieldPath: ".endpoint",
    holds: ({ schema, vendor, endpoint }) =>
      endpoint !== undefined ||
      (schema !== "OpenAI" && schema !== "AzureOpenAI") ||
      (vendor !== undefined && LOCATED.includes(vendor)),
  },
  {
    cel:
      "self.schema in ['OpenAI', 'Simulated'] || !has(self.endpoint) || " +
      `!self.endpoint.matches(r'${VERSIONED}')`,
    message: "must not end in a version or in /openai: all schemas but OpenAI bring it along",
    fieldPath: ".endpoint",
    holds: ({ schema, endpoint }) =>
      schema === "OpenAI" ||
      schema === "Simulated" ||
      endpoint === undefined ||
      !versioned.test(endpoint),
  },
  {
    cel: `has(self.endpoint) || !has(self.bedrock) || !self.bedrock.region.matches(r'${APART}')`,
    message: "endpoint is required in this region: its hosts are not under amazonaws.com",
    fieldPath: ".endpoint",
    holds: ({ endpoint, bedrock }) =>
      endpoint !== undefined || bedrock === undefined || !apart.test(bedrock.region),
  },
]
