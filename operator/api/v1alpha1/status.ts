/** The status that all kinds share, and its columns. Only the operator writes it. */
import * as z from "zod"

const Condition = z
  .strictObject({
    type: z
      .string()
      .min(1)
      .max(63)
      .describe(
        "`Accepted`, `ResolvedRefs`, `Programmed`, `LedgerWritable` (TeamQuota only) or `Ready`; " +
          "see docs/conditions.md.",
      ),
    status: z.enum(["True", "False", "Unknown"]).describe("Whether the condition holds."),
    reason: z.string().min(1).max(128).describe("One word for the cause, from a documented list."),
    message: z
      .string()
      .max(4096)
      .describe("A sentence for people: what is wrong, where, and what to change."),
    observedGeneration: z
      .int()
      .min(0)
      .meta({ format: "int64" })
      .describe("`metadata.generation` that the condition speaks of.")
      .optional(),
    lastTransitionTime: z
      .string()
      .max(40)
      .meta({ format: "date-time" })
      .describe("When `status` last changed."),
  })
  .describe("One aspect of the object's state, as `metav1.Condition`.")

/** The fields of every status. */
export const STATUS_SHAPE = {
  observedGeneration: z
    .int()
    .min(0)
    .meta({ format: "int64" })
    .describe("Newest `metadata.generation` that the operator has judged.")
    .optional(),
  conditions: z
    .array(Condition)
    .max(8)
    .meta({ "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"] })
    .describe("`Accepted`, `ResolvedRefs`, `Programmed`, and `Ready`, which sums them up.")
    .optional(),
  sidecars: z
    .strictObject({
      connected: count("Sidecars in scope that are connected to the operator."),
      programmed: count("Those that have acknowledged this generation."),
    })
    .describe("How many sidecars have this object in force; refreshed at most once a minute.")
    .optional(),
}

export const Status = z
  .strictObject(STATUS_SHAPE)
  .describe("State as the operator sees it; written by the operator only.")

export function count(description: string) {
  return z.int().min(0).meta({ format: "int64" }).describe(description)
}

export interface Column {
  readonly name: string
  readonly type: "string" | "integer" | "date" | "boolean"
  readonly jsonPath: string
  readonly description: string
  /** 1 shows only with `-o wide`. */
  readonly priority?: 0 | 1
}

export const READY_COLUMNS: readonly Column[] = [
  {
    name: "Ready",
    type: "string",
    jsonPath: '.status.conditions[?(@.type=="Ready")].status',
    description: "Whether the object is in force.",
  },
  {
    name: "Reason",
    type: "string",
    jsonPath: '.status.conditions[?(@.type=="Ready")].reason',
    description: "Why it is not.",
  },
]

export const SIDECAR_COLUMNS: readonly Column[] = [
  {
    name: "Programmed",
    type: "integer",
    jsonPath: ".status.sidecars.programmed",
    description: "Sidecars that have acknowledged this generation.",
  },
  {
    name: "Sidecars",
    type: "integer",
    jsonPath: ".status.sidecars.connected",
    description: "Sidecars in scope that are connected.",
  },
]

export const AGE_COLUMN: Column = {
  name: "Age",
  type: "date",
  jsonPath: ".metadata.creationTimestamp",
  description: "Time since the object was created.",
}
