/**
 * Compares what the upstream counted with what the ledger holds. Pure.
 *
 * Rule: every attempt that the upstream counted has exactly one record. Any further record is of an
 * intent without an answer: outcome `lost`, settled on the estimate, at most one for each request
 * that was under way when something was killed.
 */

export interface CountedAttempt {
  /** Null when the upstream never saw the whole body. */
  readonly user: string | null
}

export interface LedgerRecord {
  readonly user: string | null
  readonly outcome: string
  readonly source: string
}

export interface Comparison {
  readonly attempts: number
  readonly records: number
  /** Records beyond the attempts; each is an intent without an answer. */
  readonly surplus: number
  readonly lost: number
  /** What breaks the rule, in sentences; empty is right. At most ten. */
  readonly violations: readonly string[]
}

export function compareRecords(
  attempts: readonly CountedAttempt[],
  records: readonly LedgerRecord[],
  underWayAtKills: number,
): Comparison {
  const recordsByUser = Map.groupBy(records, ({ user }) => user ?? "")
  const attemptsByUser = Map.groupBy(attempts, ({ user }) => user ?? "")
  const violations: string[] = []
  let surplus = 0
  for (const [user, made] of attemptsByUser) {
    const found = user === "" ? made.length : (recordsByUser.get(user)?.length ?? 0)
    if (found < made.length) violations.push(`${user}: ${made.length} attempts, ${found} records`)
  }
  for (const [user, found] of recordsByUser) {
    const made = attemptsByUser.get(user)?.length ?? 0
    const further = found.length - made
    if (further <= 0) continue
    surplus += further
    const lost = found.filter(({ outcome, source }) => outcome === "lost" && source === "estimated")
    if (lost.length < further) {
      const outcomes = found.map(({ outcome, source }) => `${outcome}/${source}`).join(", ")
      violations.push(`${user}: ${made} attempts, but records ${outcomes}`)
    }
  }
  if (surplus > underWayAtKills) {
    violations.push(
      `${surplus} further records, ${underWayAtKills} requests were under way at kills`,
    )
  }
  return {
    attempts: attempts.length,
    records: records.length,
    surplus,
    lost: records.filter(({ outcome }) => outcome === "lost").length,
    violations: violations.slice(0, 10),
  }
}
