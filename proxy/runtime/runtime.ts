/** What serving a request looks things up in: one frozen value, made whole from one Snapshot. */

import type { ModelAccess } from "#proxy/contract/access.ts"
import type { OutputLimit } from "#proxy/contract/parameter-limits.ts"
import type { PriceLookup } from "#proxy/contract/price-lookup.ts"
import type { Version } from "#proxy/contract/push.ts"
import type { ProviderConfig, TeamVerdict } from "#proxy/contract/snapshot.ts"
import type { ModelLookup } from "#proxy/route/linked-route.ts"
import type { ModelLists } from "#proxy/surfaces/models/render-models.ts"

export interface Runtime {
  /** As in `x-sidegate-config`: `3.17`. */
  readonly version: string
  readonly pushed: Version & { readonly hash: string }
  readonly namespace: string
  readonly pod: string
  readonly application: string
  readonly team: TeamVerdict
  /** For records and labels: the team, or `unassigned`. */
  readonly teamName: string
  readonly access: ModelAccess
  /** Null: no policy looks at a body, and bytes may pass. */
  readonly outputLimit: OutputLimit | null
  readonly models: ModelLookup
  readonly providers: Readonly<Record<string, ProviderConfig>>
  readonly prices: PriceLookup
  /** Exact names that this caller may use, in order; the refusal of an unknown model lists ten. */
  readonly allowedModels: readonly string[]
  /** Answers of `GET /v1/models`, whole, by who asks. */
  readonly modelLists: ModelLists
}
