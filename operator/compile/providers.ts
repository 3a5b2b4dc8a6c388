/**
 * Pass: AIProviders, each with its destination settled and its key found, or the reason why not.
 */
import {
  AI_PROVIDER,
  type AIProviderSpec,
  parseAIProvider,
} from "#operator/api/v1alpha1/ai-provider.ts"
import { durationMs } from "#operator/api/v1alpha1/fields.ts"
import type { ClusterView, ConfigObject, SecretFacts } from "#operator/index/view.ts"
import type { ProviderConfig, SimulatedConfig } from "#proxy/contract/snapshot.ts"
import type { CompiledCondition, CompiledProvider, ObjectVerdict } from "./compiled.ts"
import { accepted, refused, resolved } from "./conditions.ts"
import { resolveCredential } from "./credentials.ts"
import { byAge } from "./order.ts"
import { type Destination, destinationOf } from "./provider-destination.ts"
import { contained, describeFault, readerOf, remembering, type Unreadable } from "./read.ts"

/** Beyond this the youngest are refused: a Snapshot must fit one message. */
export const PROVIDERS_MAX = 1000

export interface ProvidersPass {
  readonly providers: ReadonlyMap<string, CompiledProvider>
  readonly verdicts: readonly ObjectVerdict[]
}

export function compileProviders(view: ClusterView, cloudHosts: readonly string[]): ProvidersPass {
  const providers = new Map<string, CompiledProvider>()
  const verdicts: ObjectVerdict[] = []
  for (const object of [...view.providers].sort(byAge)) {
    const { provider, verdict } =
      providers.size < PROVIDERS_MAX ? judge(object, view.secrets, cloudHosts) : tooMany(object)
    providers.set(object.name, provider)
    verdicts.push(verdict)
  }
  return { providers, verdicts }
}

interface Judged {
  readonly provider: CompiledProvider
  readonly verdict: ObjectVerdict
}

function judge(
  object: ConfigObject,
  secrets: ReadonlyMap<string, SecretFacts>,
  cloudHosts: readonly string[],
): Judged {
  const reading = readProvider(object)
  if (!reading.ok) return broken(object, describeFault(reading))
  const { spec, config } = reading
  const credential = resolveCredential(spec, config, secrets, cloudHosts)
  const resolvedRefs: CompiledCondition = credential.problem ?? credential.remark ?? resolved()
  const provider: CompiledProvider = {
    object,
    config,
    credential: credential.at,
    allowedNamespaces: spec.allowedNamespaces,
    problem: credential.problem === null ? null : "ProviderNotReady",
    reason: credential.problem?.reason ?? "Accepted",
  }
  return { provider, verdict: { object, accepted: accepted(), resolvedRefs } }
}

function broken(object: ConfigObject, message: string): Judged {
  return { provider: leftOut(object, "Invalid"), verdict: refused(object, "Invalid", message) }
}

function tooMany(object: ConfigObject): Judged {
  const message = `there are more than ${PROVIDERS_MAX} AIProviders; remove some that are not used`
  return {
    provider: leftOut(object, "LimitExceeded"),
    verdict: refused(object, "LimitExceeded", message),
  }
}

function leftOut(object: ConfigObject, reason: "Invalid" | "LimitExceeded"): CompiledProvider {
  const allowedNamespaces = { from: "None" }
  return {
    object,
    config: null,
    credential: null,
    allowedNamespaces,
    problem: "ProviderInvalid",
    reason,
  }
}

type ProviderReading =
  | { readonly ok: true; readonly spec: AIProviderSpec; readonly config: ProviderConfig }
  | Unreadable

const readSpec = readerOf(AI_PROVIDER, parseAIProvider)

export const readProvider = remembering(
  contained((object: ConfigObject): ProviderReading => {
    const parsed = readSpec(object)
    if (!parsed.ok) return parsed
    const { spec } = parsed
    const destination = destinationOf(spec)
    if (destination === undefined) {
      return { ok: false, path: "spec.endpoint", message: "is not a URL that can be dialled" }
    }
    return { ok: true, spec, config: configOf(object.name, spec, destination) }
  }),
)

function configOf(name: string, spec: AIProviderSpec, destination: Destination): ProviderConfig {
  return {
    name,
    schema: spec.schema,
    ...destination,
    network: spec.network ?? "Public",
    // Whatever it is, it is pushed apart from the Snapshot, and by this name.
    credential: (spec.credentials?.type ?? "None") === "None" ? "None" : "Secret",
    connectTimeoutMs: durationMs(spec.timeouts?.connect ?? "5s"),
    disabled: spec.disabled ?? false,
    simulated: spec.schema === "Simulated" ? simulatedOf(spec.simulated ?? {}) : null,
  }
}

function simulatedOf(spec: NonNullable<AIProviderSpec["simulated"]>): SimulatedConfig {
  return {
    latencyMs: durationMs(spec.latency ?? "0ms"),
    tokenIntervalMs: durationMs(spec.tokenInterval ?? "0ms"),
    outputTokens: spec.outputTokens ?? 32,
    errorPercent: spec.errorPercent ?? 0,
    fault: spec.fault ?? "ServerError",
  }
}
