/** What makes a kind: the one record that CRDs, parsers, documentation and `lint` are made from. */
import type * as z from "zod"
import type { Rule } from "./rule.ts"
import type { Column } from "./status.ts"

export interface KindDefinition {
  readonly kind:
    | "AINamespace"
    | "AIProvider"
    | "AIRoute"
    | "ModelCatalog"
    | "ModelPolicy"
    | "TeamQuota"
  readonly plural: string
  readonly singular: string
  readonly shortNames: readonly string[]
  readonly scope: "Cluster" | "Namespaced"
  /** A paragraph: what it says, who writes it. */
  readonly description: string
  /** Null for a kind of which the operator writes the status and nobody anything else. */
  readonly spec: z.ZodType | null
  readonly status: z.ZodType
  /** Rules over the whole object: CEL may see `self.metadata.name` there. */
  readonly rules: readonly Rule<ObjectShape>[]
  readonly columns: readonly Column[]
}

export interface ObjectShape {
  readonly metadata: { readonly name: string }
  readonly spec: unknown
}

export const NAME_RULE: Rule<ObjectShape> = {
  cel: "size(self.metadata.name) <= 63",
  message: "must be at most 63 characters long",
  fieldPath: ".metadata.name",
  holds: ({ metadata }) => metadata.name.length <= 63,
}
