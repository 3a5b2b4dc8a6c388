/**
 * The models that a namespace may use, as clients ask for them: what the sidecars answer to
 * `GET /v1/models`, for all workloads together, and the patterns too.
 */
import type { BackendConfig, Snapshot } from "#proxy/contract/snapshot.ts"
import { whyDenied } from "./denials.ts"
import { compareText } from "./order.ts"
import { remembering } from "./read.ts"

/** In order. A pattern, with its `*`, is in it when some request for it may be allowed. */
export const allowedModels = remembering((snapshot: Snapshot): readonly string[] => {
  const { models, team } = snapshot
  if (team.kind === "refused") return []
  const asked: readonly (readonly [string, number])[] = [
    ...Object.entries(models.exact),
    ...models.prefixes.map(({ prefix, route }) => [`${prefix}*`, route] as const),
  ]
  const serves = (name: string, route: number): boolean =>
    snapshot.routes[route]?.rules.some(({ backends }) =>
      backends.some((backend) => mayServe(snapshot, backend, name)),
    ) === true
  return asked
    .filter(([name, route]) => serves(name, route))
    .map(([name]) => name)
    .sort(compareText)
})

function mayServe({ access, providers }: Snapshot, backend: BackendConfig, name: string): boolean {
  const { provider, model, problem, weight } = backend
  if (problem !== null || weight === 0 || providers[provider]?.disabled !== false) return false
  return whyDenied(access, provider, model ?? name) === null
}
