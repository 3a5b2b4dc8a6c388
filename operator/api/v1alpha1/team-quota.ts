/** TeamQuota: a team, its place among teams, and what it has used. */
import * as z from "zod"
import { objectName } from "./fields.ts"
import { type KindDefinition, NAME_RULE } from "./kind-definition.ts"
import { type Frozen, parserOf } from "./parse.ts"
import { AGE_COLUMN, count, READY_COLUMNS, SIDECAR_COLUMNS, STATUS_SHAPE } from "./status.ts"

const Spec = z
  .strictObject({
    parent: objectName(
      "TeamQuota that this team belongs to; none when absent. At most eight levels, and no cycles.",
    ).optional(),
    costCenter: z
      .string()
      .min(1)
      .max(63)
      .regex(/^[A-Za-z0-9]([A-Za-z0-9 ._/-]*[A-Za-z0-9])?$/)
      .describe("Cost center that usage is booked under, for example `CC-1042`; none when absent.")
      .optional(),
  })
  .describe("The team's place and its cost center.")

const Usage = z
  .strictObject({
    inputTokens: count("Tokens sent to models."),
    outputTokens: count("Tokens that models answered with."),
    tokens: count("Both together.").optional(),
    cachedInputTokens: count(
      "Part of the input that providers read from their caches, as far as they tell it.",
    ).optional(),
    cacheWriteTokens: count(
      "Part of the input that providers wrote to their caches, as far as they tell it.",
    ).optional(),
    reasoningTokens: count(
      "Part of the output that models reasoned with, as far as providers tell it.",
    ).optional(),
    usd: z
      .string()
      .max(40)
      .describe(
        "Cost in US dollars as decimal text, without requests whose model has no known price.",
      ),
    unpriced: count(
      "Attempts at models without a known price, whose cost is not in `usd`; 0 when it is whole.",
    ).optional(),
    since: z
      .string()
      .max(40)
      .meta({ format: "date-time" })
      .describe("Start of the month that is counted, in UTC."),
  })
  .describe("Usage of the team in the current month (UTC), its children not included.")

export type TeamQuotaSpec = Frozen<z.output<typeof Spec>>

export const parseTeamQuota = parserOf(Spec, "spec")

export const TEAM_QUOTA: KindDefinition = {
  kind: "TeamQuota",
  plural: "teamquotas",
  singular: "teamquota",
  shortNames: ["tq"],
  scope: "Cluster",
  description:
    "TeamQuota is a team; a namespace joins it by its label `sidegate.dev/team`. Written by the " +
    "platform team. A label that names no TeamQuota is refused. The team `unassigned` is that " +
    "of namespaces without the label.",
  spec: Spec,
  status: z
    .strictObject({ ...STATUS_SHAPE, usage: Usage.optional() })
    .describe("State as the operator sees it; written by the operator only."),
  rules: [
    NAME_RULE,
    {
      cel: "!has(self.spec.parent) || self.spec.parent != self.metadata.name",
      message: "a team cannot be its own parent",
      fieldPath: ".spec.parent",
      holds: ({ metadata, spec }) =>
        typeof spec !== "object" ||
        spec === null ||
        !("parent" in spec) ||
        spec.parent !== metadata.name,
    },
  ],
  columns: [
    {
      name: "Parent",
      type: "string",
      jsonPath: ".spec.parent",
      description: "The team that this one belongs to.",
    },
    {
      name: "Tokens",
      type: "integer",
      jsonPath: ".status.usage.tokens",
      description: "Tokens used in the current month (UTC).",
    },
    {
      name: "USD",
      type: "string",
      jsonPath: ".status.usage.usd",
      description: "Cost in the current month (UTC), in US dollars.",
    },
    ...READY_COLUMNS,
    ...SIDECAR_COLUMNS,
    AGE_COLUMN,
  ],
}
