/** The part of the check that holds the limits on parameters against the policies in force. */
import { OUTPUT_LIMIT_MAX } from "#proxy/contract/parameter-limits.ts"
import type { CompiledCluster, CompiledNamespace } from "./compiled.ts"

/** Reads the raw objects that are sources again, not what the passes made of them. */
export function checkParameters(
  { snapshot, sources }: CompiledNamespace,
  { core }: CompiledCluster,
): readonly string[] {
  const { access, parameters } = snapshot
  if (access.kind !== "rules") {
    return parameters === undefined ? [] : ["limits on parameters where everything is refused"]
  }
  const names = sources.flatMap(({ kind, name }) => (kind === "ModelPolicy" ? [name] : []))
  const asked = core.policies.flatMap(({ object }) => {
    const tokens = names.includes(object.name) ? tokensIn(object.spec) : undefined
    return tokens === undefined ? [] : [{ policy: object.name, tokens }]
  })
  const said = parameters?.maxOutputTokens
  if (said === undefined) {
    return asked.map(({ policy }) => `the limit of output tokens of ModelPolicy ${policy} is lost`)
  }
  const { policy, tokens } = said
  return [
    ...(tokens >= 1 && tokens <= OUTPUT_LIMIT_MAX ? [] : [`a limit of ${tokens} output tokens`]),
    ...(asked.some((one) => one.policy === policy && one.tokens === tokens)
      ? []
      : [`ModelPolicy ${policy} does not ask for ${tokens} output tokens at most`]),
    ...asked
      .filter((one) => one.tokens < tokens)
      .map((one) => `ModelPolicy ${one.policy} allows ${one.tokens} output tokens, not ${tokens}`),
  ]
}

function tokensIn(spec: unknown): number | undefined {
  const tokens = memberOf(memberOf(spec, "parameters"), "maxOutputTokens")
  return typeof tokens === "number" ? tokens : undefined
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined
  return Object.getOwnPropertyDescriptor(value, name)?.value
}
