/** ModelCatalog: prices that add to, or override, the built-in catalogue. */
import * as z from "zod"
import { PRICE_TERMS } from "#proxy/contract/price-terms.ts"
import { PROVIDER_SCHEMAS } from "#proxy/contract/snapshot.ts"
import { VENDORS } from "#proxy/contract/vendors.ts"
import { modelName } from "./fields.ts"
import { type KindDefinition, NAME_RULE } from "./kind-definition.ts"
import { parserOf } from "./parse.ts"
import { ruled } from "./rule.ts"
import { AGE_COLUMN, READY_COLUMNS, Status } from "./status.ts"

function price(description: string) {
  return z
    .string()
    .min(1)
    .max(13)
    .regex(/^(0|[1-9][0-9]{0,5})([.][0-9]{1,6})?$/)
    .describe(
      `${description} US dollars per million tokens as decimal text, for example "0.15"; ` +
        "at most six digits after the point.",
    )
}

const DateTime = ruled(
  z
    .string()
    .max(20)
    .regex(
      /^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3])(:[0-5][0-9]){2}Z$/,
    )
    .describe(
      "When the price comes into force, in UTC, for example `2026-01-01T00:00:00Z`; it holds " +
        "until the next one. A price without it has always held; at most one price of a model " +
        "may lack it.",
    ),
  [
    {
      // Some CEL libraries roll February 30 over to March, as Date does; the day must come back
      // unchanged.
      cel:
        "timestamp(self) >= timestamp('1970-01-01T00:00:00Z') && timestamp(self).getDate() == " +
        "int(self.substring(8, 10))",
      message: "must be a day that exists, from 1970 on",
      holds: (text) => toEpochMs(text) !== undefined,
    },
  ],
)

/**
 * Milliseconds since the epoch; undefined for a day such as February 30, which `Date` would roll
 * over.
 */
export function toEpochMs(text: string): number | undefined {
  const at = Date.parse(text)
  if (!Number.isFinite(at) || at < 0) return undefined
  return new Date(at).toISOString() === text.replace("Z", ".000Z") ? at : undefined
}

const TARIFF = {
  input: price("Price of input tokens."),
  cachedInput: price(
    "Price of input tokens that the provider read from its cache; that of `input` when absent.",
  ).optional(),
  cacheWrite: price(
    "Price of input tokens that the provider wrote to its cache; that of `input` when absent.",
  ).optional(),
  cacheWrite1h: price(
    "Price of those written for an hour; that of `cacheWrite` when absent.",
  ).optional(),
  inputAudio: price("Price of audio in the input; that of `input` when absent.").optional(),
  inputImage: price("Price of images in the input; that of `input` when absent.").optional(),
  output: price("Price of output tokens, reasoning included; `0` for embeddings."),
  outputAudio: price("Price of audio in the output; that of `output` when absent.").optional(),
  outputImage: price("Price of images in the output; that of `output` when absent.").optional(),
}

const Tier = z
  .strictObject({
    aboveInputTokens: z
      .int()
      .min(1)
      .max(100_000_000)
      .describe(
        "The tier holds for a request with more input tokens than this, cached ones included, " +
          "for example 200000; it then prices the whole request.",
      ),
    ...TARIFF,
  })
  .describe("What a model costs when the prompt is long. It takes nothing from the prices below.")

const Multiplier = z.strictObject({
  when: z
    .enum(PRICE_TERMS)
    .describe(
      "A term of service, by the provider's own field and word: `service_tier=priority` is what " +
        "was asked for or, where an answer tells it, was had. OpenAI's `fast` is `priority`; " +
        "`provisioned` and `offpeak` are traffic types of Vertex AI.",
    ),
  factor: z
    .string()
    .min(1)
    .max(10)
    .regex(/^(0|[1-9][0-9]{0,2})([.][0-9]{1,6})?$/)
    .describe(
      'What every price is multiplied with, as decimal text, for example "2"; `0` where it is ' +
        "paid for otherwise. At most six digits after the point.",
    ),
})

const Price = z
  .strictObject({
    from: DateTime.optional(),
    ...TARIFF,
    tiers: z
      .array(Tier)
      .min(1)
      .max(4)
      .meta({ "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["aboveInputTokens"] })
      .describe(
        "Prices of long prompts, in any order; the highest tier that the input passes holds. " +
          "None when absent. 1 to 4.",
      )
      .optional(),
    multipliers: z
      .array(Multiplier)
      .min(1)
      .max(16)
      .meta({ "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["when"] })
      .describe(
        "Terms of service that cost otherwise; several that hold at once multiply each other. A " +
          "request at a term that is not here is unpriced. None when absent. 1 to 16.",
      )
      .optional(),
  })
  .describe("What a model costs from a moment on.")

const Model = ruled(
  z.strictObject({
    schema: z
      .enum(PROVIDER_SCHEMAS)
      .describe(
        "Schema of the providers that serve the model; the same name may cost otherwise elsewhere.",
      ),
    vendor: z
      .enum(VENDORS.map(({ name }) => name))
      .describe(
        "Vendor of these providers, as in AIProvider; only with schema OpenAI. When absent the " +
          "entry holds at every server that speaks OpenAI's schema, unless another entry names " +
          "the vendor.",
      )
      .optional(),
    model: modelName("The model as the upstream names it, for example `gpt-4o-mini`. No patterns."),
    prices: z
      .array(Price)
      .min(1)
      .max(8)
      .meta({ "x-kubernetes-list-type": "atomic" })
      .describe(
        "Prices in any order; the one in force is chosen by the time of the request. 1 to 8. " +
          "Either these or `pricedAs`.",
      )
      .optional(),
    pricedAs: modelName(
      "Another model of the same schema and vendor, which this one costs the same as: for a " +
        "deployment of Azure OpenAI the model that it runs, for example `gpt-4o`. Its price is " +
        "of the built-in catalogue or of an entry with `prices`.",
    ).optional(),
  }),
  [
    {
      cel: "has(self.prices) != has(self.pricedAs)",
      message: "exactly one of prices and pricedAs must be set",
      holds: ({ prices, pricedAs }) => (prices === undefined) !== (pricedAs === undefined),
    },
    {
      cel: "!has(self.vendor) || self.schema == 'OpenAI'",
      message: "vendor is only for schema OpenAI",
      fieldPath: ".vendor",
      holds: ({ schema, vendor }) => vendor === undefined || schema === "OpenAI",
    },
  ],
)

const Spec = z
  .strictObject({
    models: z
      .array(Model)
      .min(1)
      .max(500)
      .meta({ "x-kubernetes-list-type": "atomic" })
      .describe(
        "Models by schema, vendor and name, each once. An entry replaces the built-in one of its " +
          "name wholly. 1 to 500.",
      ),
  })
  .describe("What models cost.")

export const parseModelCatalog = parserOf(Spec, "spec")

export const MODEL_CATALOG: KindDefinition = {
  kind: "ModelCatalog",
  plural: "modelcatalogs",
  singular: "modelcatalog",
  shortNames: ["mc"],
  scope: "Cluster",
  description:
    "ModelCatalog adds models to the built-in catalogue or overrides their prices, per schema " +
    "and model. Written by the platform team, and optional. A model without a price is counted " +
    "as unpriced, never as free.",
  spec: Spec,
  status: Status,
  rules: [NAME_RULE],
  columns: [...READY_COLUMNS, AGE_COLUMN],
}
