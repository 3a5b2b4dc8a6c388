/**
 * The kinds of `sidegate.dev/v1alpha1`: the single source of `crds/`, of TypeScript types, of
 * offline validation and of the reference page.
 *
 * In    nothing: these are definitions. Out: zod schemas, parsers, CRD metadata.
 * Must not know how an object is used, where it is stored, or that there is a proxy.
 */
import { AI_NAMESPACE } from "./ai-namespace.ts"
import { AI_PROVIDER } from "./ai-provider.ts"
import { AI_ROUTE } from "./ai-route.ts"
import type { KindDefinition } from "./kind-definition.ts"
import { MODEL_CATALOG } from "./model-catalog.ts"
import { MODEL_POLICY } from "./model-policy.ts"
import { TEAM_QUOTA } from "./team-quota.ts"

export const GROUP = "sidegate.dev"
export const VERSION = "v1alpha1"
export const API_VERSION = `${GROUP}/${VERSION}`

/** In alphabetical order; a further kind is one more line. */
export const KINDS: readonly KindDefinition[] = [
  AI_NAMESPACE,
  AI_PROVIDER,
  AI_ROUTE,
  MODEL_CATALOG,
  MODEL_POLICY,
  TEAM_QUOTA,
]

/** Those that people write. */
export const WRITTEN_KINDS = KINDS.filter(({ spec }) => spec !== null)

export function kindOf(kind: string): KindDefinition | undefined {
  return KINDS.find((definition) => definition.kind === kind)
}
