/**
 * Rules that a JSON schema cannot say: written once as CEL for the API server and as a predicate
 * for us.
 *
 * The API server runs the CEL at admission; the compiler runs the predicate, because an object may
 * come from a file or be older than the rule. A table test shows that both give the same verdict.
 */
import * as z from "zod"

export interface Rule<T> {
  /** CEL over `self`, the value that the rule is attached to. RE2 patterns only. */
  readonly cel: string
  /** A sentence that says what to write instead. */
  readonly message: string
  /** Field below `self` that is at fault, e.g. `.selector`; absent when it is `self`. */
  readonly fieldPath?: string
  readonly holds: (value: T) => boolean
}

/**
 * Attaches rules to a schema: as `x-kubernetes-validations` for the CRD, as predicates for
 * `rulesOf`.
 */
export function ruled<S extends z.ZodType>(schema: S, rules: readonly Rule<z.output<S>>[]): S {
  const validations = rules.map(({ cel, message, fieldPath }) => ({
    rule: cel,
    message,
    ...(fieldPath === undefined ? {} : { fieldPath }),
  }))
  const made = schema.meta({ ...schema.meta(), "x-kubernetes-validations": validations })
  RULES.add(made, { rules: rules as readonly Rule<unknown>[] })
  return made
}

/** Rules attached to this schema itself, also when it was described or made optional afterwards. */
export function rulesOf(schema: z.core.$ZodType): readonly Rule<unknown>[] {
  return RULES.get(schema)?.rules ?? []
}

const RULES = z.registry<{ readonly rules: readonly Rule<unknown>[] }>()
