/** Every sample of every kind. */
import { AI_PROVIDER_SAMPLES } from "./ai-provider.ts"
import { AI_ROUTE_SAMPLES } from "./ai-route.ts"
import { MODEL_CATALOG_SAMPLES, MODEL_POLICY_SAMPLES, TEAM_QUOTA_SAMPLES } from "./other-kinds.ts"
import type { Sample } from "./sample.ts"

export const SAMPLES: readonly Sample[] = [
  ...AI_PROVIDER_SAMPLES,
  ...AI_ROUTE_SAMPLES,
  ...MODEL_CATALOG_SAMPLES,
  ...MODEL_POLICY_SAMPLES,
  ...TEAM_QUOTA_SAMPLES,
]
