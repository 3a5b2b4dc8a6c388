/** What an exchange is given: by the shell, by the process, and by the stages before dispatch. */
import type { Caller } from "#proxy/exchange/caller.ts"
import type { Client, Ports, RawRequest } from "#proxy/exchange/ports.ts"
import type { TargetSet } from "#proxy/exchange/target.ts"
import type { LinkedRule } from "#proxy/route/linked-route.ts"
import type { Runtime } from "#proxy/runtime/runtime.ts"
import type { RequestForms } from "./request-forms.ts"
import type { PipelineSettings } from "./settings.ts"

/** A request that came in, and where its answer goes. */
export interface Arrival {
  /** In force at that moment, and for the whole exchange; null with no configuration yet. */
  readonly runtime: Runtime | null
  readonly raw: RawRequest
  readonly client: Client
}

/** What all exchanges of a process share. */
export interface PipelineContext {
  readonly ports: Ports
  readonly settings: PipelineSettings
}

/** What the stages before dispatch settled. */
export interface ExchangePlan {
  readonly runtime: Runtime
  readonly caller: Caller
  readonly forms: RequestForms
  readonly rule: LinkedRule
  /** Targets that are out from the start: unusable or denied. */
  readonly out: TargetSet
  readonly timeoutMs: number
}
