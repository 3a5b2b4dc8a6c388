/**
 * Every object's status: what it should be, made from verdicts, acknowledgements and usage, and
 * handed to the schedule that decides when it is written. No clock and no I/O.
 *
 * Objects that something touched are evaluated a few at a time, since one change of a provider
 * touches hundreds, and each acknowledgement touches all objects of its namespace.
 */
import type { NamespaceDetails } from "#operator/api/v1alpha1/ai-namespace.ts"
import type { Condition, ObjectVerdict } from "#operator/compile/compiled.ts"
import { formatRef, type ObjectRef } from "#operator/index/view.ts"
import type { UsageTotals } from "#operator/ledger/store/store.ts"
import type { EpochMs } from "#proxy/contract/money.ts"
import { assembleStatus, type FurtherParts, transitionsOf } from "./assemble-status.ts"
import type { InForce } from "./in-force.ts"
import { LEDGER_WRITABLE } from "./ledger-condition.ts"
import { namespaceRef } from "./namespace-object.ts"
import type { Fleet, ObjectEvent, ObjectStatus, StatusWrite } from "./ports.ts"
import { judgeProgrammed, type Programmed, scopeOf } from "./programmed.ts"
import { awaitReturn, returnDeadline } from "./returning.ts"
import { versionsOf } from "./sidecar-versions.ts"
import { createStatusSchedule } from "./status-schedule.ts"
import { toUsageStatus } from "./usage-status.ts"

/** Work of one turn: each object costs `OBJECT_COST` and one for each namespace in its scope. */
const TURN_COST_MAX = 5000
const OBJECT_COST = 50

/** `details`: what the status of an AINamespace says besides, made when it is evaluated. */
export interface BoardVerdict extends ObjectVerdict {
  readonly details?: () => NamespaceDetails
}

export interface StatusBoard {
  /** This process leads from now on; `pods` run a sidecar, and it is given time to come back. */
  start(now: number, pods: number): void
  /** All verdicts of one scope (a namespace, "" for cluster-wide), replacing those before. */
  judge(scope: string, verdicts: readonly BoardVerdict[]): void
  /** The sidecars of a namespace, or what is published there, changed. */
  touch(namespace: string): void
  /** Whether usage can be stored, as the last attempt showed; it is on every TeamQuota. */
  judgeLedger(condition: Condition): void
  /** Totals of the month that began at `since`; they are on every TeamQuota from then on. */
  use(totals: ReadonlyMap<string, UsageTotals>, since: EpochMs): void
  /** A watch showed the object with this status; null when it has none. */
  observe(ref: ObjectRef, uid: string, status: ObjectStatus | null, now: number): void
  /** Looks at what was touched; gives the events of the transitions found. */
  evaluate(now: number): readonly ObjectEvent[]
  /** True when `evaluate` has something left. */
  isTouched(): boolean
  /** The status writes to begin now; each is followed by `finish`. */
  take(now: number): readonly StatusWrite[]
  finish(write: StatusWrite, outcome: "written" | "failed", now: number): void
  /** The API server asked for a pause: no write begins before `until`. */
  pause(until: number): void
  /** When to call `evaluate` or `take` again although nothing is touched; null: not by time. */
  wakeAt(now: number): number | null
  backlog(): number
}

interface Entry {
  /** Who judged it last: a route may move between its namespace and the cluster-wide ones. */
  readonly scope: string
  readonly verdict: BoardVerdict
  /** What the object has, or was last handed out to be written. */
  shown: ObjectStatus | null
  /** What it should have, as last looked at. */
  last: ObjectStatus | null
}

export function createStatusBoard(inForce: InForce, fleet: Fleet): StatusBoard {
  const schedule = createStatusSchedule()
  const entries = new Map<string, Entry>()
  const scopes = new Map<string, ReadonlySet<string>>()
  const uids = new Map<string, string>()
  const touched = new Set<string>()
  /** Objects whose status changes by time alone, and when. */
  const rechecks = new Map<string, number>()
  let returnBy = 0
  let usage: { totals: ReadonlyMap<string, UsageTotals>; since: EpochMs } | null = null
  let ledger = LEDGER_WRITABLE

  const forget = (key: string): void => {
    entries.delete(key)
    uids.delete(key)
    touched.delete(key)
    rechecks.delete(key)
    schedule.forget(key)
  }
  /** A successor of the same name begins without the status of its predecessor. */
  const identify = (key: string, uid: string): void => {
    if (uids.get(key) === uid) return
    forget(key)
    uids.set(key, uid)
  }
  /** What the status says stays until the ledger was read. */
  const usageOf = (team: string, shown: ObjectStatus | null) =>
    usage === null ? shown?.usage : toUsageStatus(usage.totals.get(team), usage.since)
  const touchTeams = (): void => {
    for (const [key, { verdict }] of entries) {
      if (verdict.object.kind === "TeamQuota") touched.add(key)
    }
  }
  const programmedOf = ({ verdict, shown }: Entry, now: number): Programmed => {
    const judged = judgeProgrammed(verdict, inForce, fleet.sidecars, now)
    if (now >= returnBy) return judged
    let pods = 0
    for (const namespace of scopeOf(verdict.object, inForce)) pods += fleet.pods(namespace)
    return awaitReturn(judged, verdict, pods, shown, returnBy)
  }
  const furtherOf = ({ verdict, shown }: Entry, { sidecars }: Programmed): FurtherParts => {
    const { object, details } = verdict
    if (object.kind === "TeamQuota") return { team: { ledger, usage: usageOf(object.name, shown) } }
    if (details === undefined) return {}
    // Kept while sidecars are waited for: then so are their versions.
    const { versions, config } =
      sidecars === shown?.sidecars
        ? shown
        : versionsOf(fleet.sidecars(object.namespace), inForce.hash(object.namespace))
    return { details: { ...details(), versions, ...(config === undefined ? {} : { config }) } }
  }
  const evaluateOne = (key: string, entry: Entry, now: number): readonly ObjectEvent[] => {
    const { verdict } = entry
    const { object } = verdict
    entry.shown ??= schedule.known(key)
    const programmed = programmedOf(entry, now)
    if (programmed.recheckAt === null) rechecks.delete(key)
    else rechecks.set(key, programmed.recheckAt)
    const earlier = [entry.shown, entry.last].filter((status) => status !== null)
    const previous = entry.last ?? entry.shown
    const further = furtherOf(entry, programmed)
    const status = assembleStatus(verdict, programmed, further, earlier, now)
    entry.last = status
    schedule.propose(key, status, now)
    const ref = refOf(object)
    return transitionsOf(previous, status).map((event) => ({
      ...event,
      object: ref,
      uid: object.uid,
    }))
  }
  return {
    start: (now, pods) => {
      returnBy = returnDeadline(now, pods)
      schedule.start(now)
    },
    judge: (scope, verdicts) => {
      const keys = new Set(verdicts.map(({ object }) => formatRef(object)))
      for (const key of scopes.get(scope) ?? []) {
        if (!keys.has(key) && entries.get(key)?.scope === scope) forget(key)
      }
      if (keys.size === 0) scopes.delete(scope)
      else scopes.set(scope, keys)
      for (const verdict of verdicts) {
        const key = formatRef(verdict.object)
        identify(key, verdict.object.uid)
        const before = entries.get(key)
        if (before?.scope === scope && isSameVerdict(before.verdict, verdict)) continue
        const { shown = null, last = null } = before ?? {}
        entries.set(key, { scope, verdict, shown, last })
        touched.add(key)
      }
    },
    touch: (namespace) => {
      for (const key of inForce.sources(namespace)) touched.add(key)
      touched.add(formatRef(namespaceRef(namespace)))
    },
    judgeLedger: (condition) => {
      if (isSameCondition(ledger, condition)) return
      ledger = condition
      touchTeams()
    },
    use: (totals, since) => {
      usage = { totals, since }
      touchTeams()
    },
    observe: (ref, uid, status, now) => {
      const key = formatRef(ref)
      identify(key, uid)
      schedule.observe(key, status, now)
    },
    evaluate: (now) => {
      for (const [key, at] of rechecks) if (at <= now) touched.add(key)
      const events: ObjectEvent[] = []
      let left = TURN_COST_MAX
      for (const key of touched) {
        if (left <= 0) break
        left -= OBJECT_COST + inForce.scope(key).size
        touched.delete(key)
        const entry = entries.get(key)
        if (entry !== undefined) events.push(...evaluateOne(key, entry, now))
      }
      return events
    },
    isTouched: () => touched.size > 0,
    take: (now) =>
      schedule.take(now).flatMap(({ key, status }) => {
        const entry = entries.get(key)
        if (entry === undefined) return []
        entry.shown = status
        const { object } = entry.verdict
        return [{ object: refOf(object), uid: object.uid, status }]
      }),
    finish: ({ object, status }, outcome, now) =>
      schedule.finish(formatRef(object), status, outcome, now),
    wakeAt: (now) => {
      let earliest = schedule.wakeAt(now)
      for (const at of rechecks.values()) {
        if (earliest === null || at < earliest) earliest = at
      }
      return earliest
    },
    pause: (until) => schedule.pause(until),
    backlog: () => schedule.backlog(),
  }
}

function refOf({ kind, namespace, name }: ObjectRef): ObjectRef {
  return { kind, namespace, name }
}

function isSameVerdict(a: BoardVerdict, b: BoardVerdict): boolean {
  return (
    a.object === b.object &&
    a.details === b.details &&
    isSameCondition(a.accepted, b.accepted) &&
    isSameCondition(a.resolvedRefs, b.resolvedRefs)
  )
}

function isSameCondition(a: Condition, b: Condition): boolean {
  return a.status === b.status && a.reason === b.reason && a.message === b.message
}
