/** Every sample of every kind. */
import { AI_NAMESPACE_SAMPLES } from "./ai-namespace.test-data.ts"
import { AI_PROVIDER_SAMPLES } from "./ai-provider.test-data.ts"
import { AI_ROUTE_SAMPLES } from "./ai-route.test-data.ts"
import {
  MODEL_CATALOG_SAMPLES,
  MODEL_POLICY_SAMPLES,
  TEAM_QUOTA_SAMPLES,
} from "./other-kinds.test-data.ts"
import type { Sample } from "./sample.ts"

export const SAMPLES: readonly Sample[] = [
  ...AI_NAMESPACE_SAMPLES,
  ...AI_PROVIDER_SAMPLES,
  ...AI_ROUTE_SAMPLES,
  ...MODEL_CATALOG_SAMPLES,
  ...MODEL_POLICY_SAMPLES,
  ...TEAM_QUOTA_SAMPLES,
]
