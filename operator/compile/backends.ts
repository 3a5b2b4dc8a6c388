/** Which backends of a route can serve in a namespace, and what to say of those that cannot. */
import type { NamespaceFacts } from "#operator/index/view.ts"
import type { BackendConfig, RuleConfig } from "#proxy/contract/snapshot.ts"
import type { ClusterCore, CompiledCondition, ReadRoute } from "./compiled.ts"
import { listSome, notResolved, resolved } from "./conditions.ts"
import type { Reason } from "./reasons.ts"
import { selects } from "./select.ts"

const PROBLEMS_NAMED_MAX = 10

export interface BackendProblem {
  readonly reason: Reason
  /** For the Snapshot and its refusals, e.g. `AIProvider openai is not ready: SecretNotFound`. */
  readonly text: string
}

/** Null when the provider can serve the namespace. Looked up once for each provider. */
export type ProblemOf = (provider: string) => BackendProblem | null

/**
 * Rules that policies leave no backend for: name, and why a request that matches is refused for
 * certain.
 */
export type Denials = ReadonlyMap<string, string>

/** What stands between a namespace and each provider. */
export function problemsIn(core: ClusterCore, namespace: NamespaceFacts): ProblemOf {
  const known = new Map<string, BackendProblem | null>()
  return (provider) => {
    const held = known.get(provider)
    if (held !== undefined) return held
    const problem =
      clusterProblem(core, provider) ??
      (isAllowed(core, provider, namespace) ? null : notPermitted(provider, namespace.name))
    known.set(provider, problem)
    return problem
  }
}

/** What is wrong with the provider for every namespace. */
export function clusterProblem(core: ClusterCore, name: string): BackendProblem | null {
  const provider = core.providers.get(name)
  if (provider === undefined) {
    return { reason: "BackendNotFound", text: `AIProvider ${name} does not exist` }
  }
  if (provider.problem === null) return null
  return { reason: provider.problem, text: `AIProvider ${name} is not ready: ${provider.reason}` }
}

export function isAllowed(core: ClusterCore, name: string, namespace: NamespaceFacts): boolean {
  const provider = core.providers.get(name)
  return provider !== undefined && selects(provider.allowedNamespaces, namespace.labels)
}

/** The same rules when every backend can serve; else copies that carry the problems. */
export function withProblems(
  rules: readonly RuleConfig[],
  problemOf: ProblemOf,
): readonly RuleConfig[] {
  const isSound = rules.every(({ backends }) =>
    backends.every(({ provider }) => problemOf(provider) === null),
  )
  if (isSound) return rules
  return rules.map((rule) => ({
    ...rule,
    backends: rule.backends.map((backend) => ({
      ...backend,
      problem: refusalOf(problemOf(backend.provider)),
    })),
  }))
}

function refusalOf(problem: BackendProblem | null): BackendConfig["problem"] {
  return problem === null ? null : { code: "upstream_failed", message: problem.text }
}

/**
 * `ResolvedRefs` of a route: the first problem gives the reason, the message names all backends and
 * the rules that have none left, those that policies deny included.
 */
export function backendsCondition(
  route: ReadRoute,
  problemOf: ProblemOf,
  denials: Denials,
): CompiledCondition {
  const rules = route.rules.map(({ name, backends }) => {
    const problems = backends.flatMap(({ provider }, index): readonly Found[] => {
      const problem = problemOf(provider)
      return problem === null ? [] : [{ at: `spec.rules[${name}].backends[${index}]`, problem }]
    })
    const denial = denials.get(name)
    const isOut = denial !== undefined || problems.length === backends.length
    if (denial === undefined) return { name, problems, isOut }
    const problem: BackendProblem = { reason: "BackendDenied", text: denial }
    return { name, problems: [...problems, { at: `spec.rules[${name}]`, problem }], isOut }
  })
  const found = rules.flatMap(({ problems }) => problems)
  const [first] = found
  if (first === undefined) return resolved()
  const texts = found
    .slice(0, PROBLEMS_NAMED_MAX)
    .map(({ at, problem }) => `${at}: ${problem.text}`)
  const more = found.length - texts.length
  if (more > 0) texts.push(`and ${more} more`)
  const out = rules.flatMap(({ name, isOut }) => (isOut ? [name] : []))
  return notResolved(first.problem.reason, [...texts, whatServes(out, rules.length)].join("; "))
}

interface Found {
  readonly at: string
  readonly problem: BackendProblem
}

function whatServes(out: readonly string[], rules: number): string {
  if (out.length === 0) return "the other backends serve"
  if (out.length === rules) return "no backend is left"
  return `no backend is left in rule ${listSome(out, 5)}, the other rules serve`
}

export function notPermitted(provider: string, where: string): BackendProblem {
  const text = `AIProvider ${provider} does not allow namespace ${where}`
  return { reason: "ProviderNotPermitted", text }
}
