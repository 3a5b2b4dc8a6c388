/**
 * Pass: TeamQuotas as a forest. A team whose chain of parents is broken is refused, not left
 * without limits.
 */
import {
  parseTeamQuota,
  TEAM_QUOTA,
  type TeamQuotaSpec,
} from "#operator/api/v1alpha1/team-quota.ts"
import {
  type ClusterView,
  type ConfigObject,
  formatRef,
  type NamespaceFacts,
} from "#operator/index/view.ts"
import type { TeamVerdict } from "#proxy/contract/snapshot.ts"
import type { ClusterCore, CompiledTeam, CompileSettings, ObjectVerdict } from "./compiled.ts"
import { accepted, notResolved, refused, resolved } from "./conditions.ts"
import { byName } from "./order.ts"
import { describeFault, readerOf, remembering } from "./read.ts"
import { labelOf } from "./select.ts"

/** The team itself and its ancestors. */
export const TEAM_LEVELS_MAX = 8

/** The team of namespaces without a label. */
const UNASSIGNED = "unassigned"

export interface TeamsPass {
  readonly teams: ReadonlyMap<string, CompiledTeam>
  readonly verdicts: readonly ObjectVerdict[]
}

export function compileTeams(view: ClusterView): TeamsPass {
  const objects = [...view.quotas].sort(byName)
  const byTeam = new Map(objects.map((object) => [object.name, object]))
  const teams = new Map<string, CompiledTeam>()
  const verdicts: ObjectVerdict[] = []
  for (const object of objects) {
    const chain = climb(object, byTeam)
    teams.set(object.name, { verdict: teamVerdict(object, chain), sources: chain.objects })
    verdicts.push(objectVerdict(object, chain))
  }
  return { teams, verdicts }
}

/** What the namespace's label says; the label is the platform team's, not the tenant's. */
export function teamOf(
  core: ClusterCore,
  namespace: NamespaceFacts,
  { teamLabel, unassigned }: CompileSettings,
): CompiledTeam {
  const label = labelOf(namespace.labels, teamLabel)
  const object = `Namespace ${namespace.name}`
  if (label === undefined && unassigned === "Deny") {
    const message = `namespace ${namespace.name} has no label ${teamLabel}, which names a TeamQuota`
    const code = "team_unassigned"
    const field = "metadata.labels"
    return { verdict: { kind: "refused", code, name: "", object, field, message }, sources: [] }
  }
  const known = core.teams.get(label ?? UNASSIGNED)
  if (known !== undefined) return known
  if (label === undefined) return { verdict: { kind: "unassigned" }, sources: [] }
  const message =
    `namespace ${namespace.name} says team "${label}" (label ${teamLabel}), and ` +
    `there is no such TeamQuota`
  const code = "team_unknown"
  const field = `metadata.labels["${teamLabel}"]`
  return { verdict: { kind: "refused", code, name: label, object, field, message }, sources: [] }
}

interface Chain {
  /** The team first, then its ancestors, as far as they can be read. */
  readonly objects: readonly ConfigObject[]
  readonly spec: TeamQuotaSpec | null
  readonly fault: Fault | null
}

interface Fault {
  /** The object to mend. */
  readonly object: ConfigObject
  readonly kind: "invalid" | "cycle" | "missing" | "deep"
  readonly field: string
  readonly message: string
}

export const readQuota = remembering(readerOf(TEAM_QUOTA, parseTeamQuota))

function climb(object: ConfigObject, byTeam: ReadonlyMap<string, ConfigObject>): Chain {
  const objects: ConfigObject[] = []
  let first: TeamQuotaSpec | null = null
  const end = (fault: Fault | null): Chain => ({ objects, spec: first, fault })
  for (let at = object; ; ) {
    objects.push(at)
    const parsed = readQuota(at)
    if (!parsed.ok) {
      return end({ object: at, kind: "invalid", field: parsed.path, message: parsed.message })
    }
    first ??= parsed.spec
    const { parent } = parsed.spec
    if (parent === undefined) return end(null)
    const field = "spec.parent"
    const next = byTeam.get(parent)
    if (next === undefined) {
      return end({ object: at, kind: "missing", field, message: `there is no TeamQuota ${parent}` })
    }
    if (objects.includes(next)) {
      const names = [...objects.slice(objects.indexOf(next)), next].map(({ name }) => name)
      const message = `a cycle of parents: ${names.join(" > ")}`
      return end({ object: next, kind: "cycle", field, message })
    }
    if (objects.length === TEAM_LEVELS_MAX) {
      const message = `more than ${TEAM_LEVELS_MAX} levels of teams`
      return end({ object, kind: "deep", field, message })
    }
    at = next
  }
}

function teamVerdict(object: ConfigObject, chain: Chain): TeamVerdict {
  const { fault, spec } = chain
  if (fault === null && spec !== null) {
    return {
      kind: "team",
      name: object.name,
      costCenter: spec.costCenter ?? null,
      ancestors: chain.objects.slice(1).map(({ name }) => name),
    }
  }
  return {
    kind: "refused",
    code: "policy_invalid",
    name: object.name,
    object: formatRef(fault?.object ?? object),
    field: fault?.field ?? null,
    message: fault?.message ?? "",
  }
}

function objectVerdict(object: ConfigObject, chain: Chain): ObjectVerdict {
  const { fault } = chain
  if (fault === null) return { object, accepted: accepted(), resolvedRefs: resolved() }
  const effect = "; until this is mended, every model request of the team is refused"
  // In a cycle each member is at fault; a team that only leads into one is not.
  const isOwn = fault.object === object
  if (isOwn && fault.kind === "missing") {
    const message = `${fault.field}: ${fault.message}${effect}`
    return { object, accepted: accepted(), resolvedRefs: notResolved("ParentNotFound", message) }
  }
  if (isOwn) {
    return refused(
      object,
      "Invalid",
      `${describeFault({ path: fault.field, message: fault.message })}${effect}`,
    )
  }
  const message =
    `${formatRef(fault.object)}, an ancestor, is broken (${fault.field}: ` +
    `${fault.message})${effect}`
  return { object, accepted: accepted(), resolvedRefs: notResolved("ParentInvalid", message) }
}
