/**
 * Who may use which model: the merged verdict of every policy that selects a namespace.
 *
 * The compiler merges (deny lists concatenated, allow lists concatenated, one default); the sidecar
 * only evaluates. Patterns match the model that would *serve*, with its provider: an alias must not
 * be a way around a denial, nor a failover target a way past an allow list.
 */

export type ModelAccess =
  | {
      readonly kind: "rules"
      readonly deny: readonly AccessRule[]
      readonly allow: readonly AccessRule[]
      /** What holds when neither list matches. */
      readonly otherwise: "Allow" | "Deny"
      /** Names of the policies with an allow list or `default: Deny`, for the refusal's message. */
      readonly decidedBy: readonly string[]
    }
  /** No policy selects the namespace and the chart says `unselected: Deny`: 403 `no_policy`. */
  | { readonly kind: "none" }
  /** A policy in force is broken: everything it might select is refused, 403 `policy_invalid`. */
  | {
      readonly kind: "invalid"
      readonly policy: string
      readonly field: string
      readonly message: string
    }

export interface AccessRule {
  readonly policy: string
  readonly name: string
  /** `*` stands for any run of characters, anywhere in the pattern. */
  readonly models: readonly string[]
  /** AIProvider names; empty means any. */
  readonly providers: readonly string[]
}

export type AccessVerdict =
  | { readonly kind: "allowed" }
  | { readonly kind: "denied"; readonly policy: string; readonly rule: string | null }

const ALLOWED: AccessVerdict = Object.freeze({ kind: "allowed" })

/**
 * Judges one (provider, served model). Only for `kind: "rules"`; the other kinds refuse beforehand.
 */
export function judgeModel(
  access: Extract<ModelAccess, { kind: "rules" }>,
  provider: string,
  model: string,
): AccessVerdict {
  for (const rule of access.deny) {
    if (ruleMatches(rule, provider, model))
      return { kind: "denied", policy: rule.policy, rule: rule.name }
  }
  for (const rule of access.allow) {
    if (ruleMatches(rule, provider, model)) return ALLOWED
  }
  if (access.otherwise === "Allow") return ALLOWED
  return { kind: "denied", policy: access.decidedBy.join(", "), rule: null }
}

/** Linear in the product of the lengths at worst; `*` matches any run, also an empty one. */
export function matchesGlob(pattern: string, text: string): boolean {
  const parts = pattern.split("*")
  const first = parts[0] ?? ""
  if (parts.length === 1) return pattern === text
  const last = parts[parts.length - 1] ?? ""
  if (text.length < first.length + last.length) return false
  if (!text.startsWith(first) || !text.endsWith(last)) return false
  let from = first.length
  const end = text.length - last.length
  for (const part of parts.slice(1, -1)) {
    const at = text.indexOf(part, from)
    if (at < 0 || at + part.length > end) return false
    from = at + part.length
  }
  return true
}

function ruleMatches(rule: AccessRule, provider: string, model: string): boolean {
  if (rule.providers.length > 0 && !rule.providers.includes(provider)) return false
  return rule.models.some((pattern) => matchesGlob(pattern, model))
}
