/**
 * The condition `LedgerWritable` of every TeamQuota: whether usage can be stored, as the last
 * attempt showed. While it cannot, sidecars keep their records and report them again.
 */
import type { Condition } from "#operator/compile/compiled.ts"
import type { LedgerError } from "#operator/ledger/store/store.ts"

/** Also before the first attempt: a leader has written its term. */
export const LEDGER_WRITABLE: Condition = Object.freeze({
  type: "LedgerWritable",
  status: "True",
  reason: "LedgerWritable",
  message: "usage is stored",
})

const REASONS = {
  stale_term: "StaleTerm",
  unwritable: "Unwritable",
  corrupt: "Corrupt",
  incompatible: "Incompatible",
} as const satisfies Record<LedgerError["code"], string>

/** The error's own words name the file and what to do; they hold nothing of a tenant. */
export function ledgerFailed({ code, message }: Pick<LedgerError, "code" | "message">): Condition {
  return {
    type: "LedgerWritable",
    status: "False",
    reason: REASONS[code],
    message: `usage waits in the sidecars: ${message}`,
  }
}
