/**
 * The Snapshot as the release before this one writes and links it: the other side of an upgrade or
 * a rollback.
 *
 * `operator/publish/lower-snapshot.ts` goes down one schema for an older sidecar,
 * `proxy/runtime/raise-snapshot.ts` up one from an older operator. With a new schema this file says
 * how its predecessor looks and forgets the one before.
 */
import type { BackendConfig, RouteConfig, RuleConfig, Snapshot } from "./snapshot.ts"

export const OLDER_SCHEMA_VERSION = 1

/**
 * Schema 1: a backend's problem is its message alone; upstreams speak `OpenAI` or `Simulated` and
 * have neither vendor nor options, which its sidecars ignore; policies bound no parameters.
 */
export interface OlderSnapshot extends Omit<Snapshot, "schemaVersion" | "routes" | "parameters"> {
  readonly schemaVersion: typeof OLDER_SCHEMA_VERSION
  readonly routes: readonly OlderRoute[]
}

export interface OlderRoute extends Omit<RouteConfig, "rules"> {
  readonly rules: readonly OlderRule[]
}

export interface OlderRule extends Omit<RuleConfig, "backends"> {
  readonly backends: readonly OlderBackend[]
}

export interface OlderBackend extends Omit<BackendConfig, "problem"> {
  readonly problem: string | null
}

/** What a push may carry. */
export type AnySnapshot = Snapshot | OlderSnapshot
