/** ModelPolicy: who may use which model, and what requests may ask for. */
import * as z from "zod"
import { OUTPUT_LIMIT_MAX } from "#proxy/contract/parameter-limits.ts"
import { entryName, namespaceChoice, objectName } from "./fields.ts"
import { type KindDefinition, NAME_RULE } from "./kind-definition.ts"
import { type Frozen, parserOf } from "./parse.ts"
import { ruled } from "./rule.ts"
import { AGE_COLUMN, READY_COLUMNS, SIDECAR_COLUMNS, Status } from "./status.ts"

const SET = { "x-kubernetes-list-type": "set" }
const BY_NAME = { "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"] }

const Entry = ruled(
  z.strictObject({
    name: entryName("Name of the entry, unique in its list; a refusal names it."),
    models: z
      .array(
        z
          .string()
          .min(1)
          .max(128)
          .regex(/^[A-Za-z0-9._:/@+*-]+$/),
      )
      .min(1)
      .max(64)
      .meta(SET)
      .describe(
        "Models as the upstream names them, the one that would answer and not its alias; `*` " +
          "stands for any run of characters, as in `*-preview`. Every model when absent. At most " +
          "64.",
      )
      .optional(),
    providers: z
      .array(objectName("Name of an AIProvider."))
      .min(1)
      .max(16)
      .meta(SET)
      .describe("AIProviders that the entry speaks of; every one when absent. At most 16.")
      .optional(),
  }),
  [
    {
      cel: "has(self.models) || has(self.providers)",
      message: "an entry needs models or providers; for every model write models: ['*']",
      holds: ({ models, providers }) => models !== undefined || providers !== undefined,
    },
  ],
)

const Models = ruled(
  z.strictObject({
    default: z
      .enum(["Allow", "Deny"])
      .describe(
        "What holds for a model that no entry names: `Deny` refuses it, also without an allow " +
          "list. `Allow` when absent.",
      )
      .optional(),
    allow: z
      .array(Entry)
      .min(1)
      .max(32)
      .meta(BY_NAME)
      .describe("What may be used; with such a list everything else is refused. At most 32.")
      .optional(),
    deny: z
      .array(Entry)
      .min(1)
      .max(32)
      .meta(BY_NAME)
      .describe("What may not be used, whatever any policy allows. At most 32.")
      .optional(),
  }),
  [
    {
      cel: "!(has(self.default) && self.default == 'Allow' && has(self.allow))",
      message: "an allow list refuses everything else; remove default: Allow or the list",
      fieldPath: ".default",
      holds: (models) => !(models.default === "Allow" && models.allow !== undefined),
    },
  ],
)

const Parameters = z.strictObject({
  maxOutputTokens: z
    .int()
    .min(1)
    .max(OUTPUT_LIMIT_MAX)
    .describe(
      "The most output tokens that one answer may be asked for, thoughts included, for example " +
        "`4096`. A request that asks for more is refused (400 `invalid_value`, naming the " +
        "policy); one that sets no limit is sent with this one. It holds for chat and text " +
        "completion in every client's shape, not for embeddings, images, audio and counting. Of " +
        "all policies that hold for a workload the smallest decides. From 1 to 10000000.",
    ),
})

const Targets = z
  .strictObject({
    namespaces: namespaceChoice(
      ["All", "Selector"],
      "Namespaces whose workloads the policy holds for.",
      "`All` namespaces, or those that `selector` selects.",
    ),
  })
  .describe("Whom the policy holds for.")

const Spec = z
  .strictObject({
    mode: z
      .enum(["Enforce", "Disabled"])
      .describe("`Enforce` (the default), or `Disabled`: the policy takes no part at all.")
      .optional(),
    targets: Targets,
    models: Models.describe(
      "Which models may be used. All policies that hold for a workload decide together: a " +
        "matching deny refuses; else a matching allow allows; else a list or `default: Deny` " +
        "anywhere refuses.",
    ).optional(),
    parameters: Parameters.describe(
      "What requests may ask for. Where it is set, bodies of the requests that it concerns are " +
        "written anew from what was checked, with every field and every number as the client " +
        "wrote it. No limit when absent.",
    ).optional(),
  })
  .describe("What the policy asks, and of whom.")

export type ModelPolicySpec = Frozen<z.output<typeof Spec>>

export const parseModelPolicy = parserOf(Spec, "spec")

/** Only whom a policy holds for: what can still be known when the rest of it is broken. */
export const parsePolicyTargets = parserOf(Targets, "spec.targets")

export const MODEL_POLICY: KindDefinition = {
  kind: "ModelPolicy",
  plural: "modelpolicies",
  singular: "modelpolicy",
  shortNames: ["mp"],
  scope: "Cluster",
  description:
    "ModelPolicy says who may use which model, and what requests may ask for. Written by the " +
    "platform team. Where no policy holds, every routed model may be used. A policy that is " +
    "broken refuses everything for those it selects.",
  spec: Spec,
  status: Status,
  rules: [NAME_RULE],
  columns: [
    {
      name: "Mode",
      type: "string",
      jsonPath: ".spec.mode",
      description: "Enforce when empty.",
    },
    ...READY_COLUMNS,
    ...SIDECAR_COLUMNS,
    AGE_COLUMN,
  ],
}
