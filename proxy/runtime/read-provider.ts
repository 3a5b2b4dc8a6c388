/** The shape of one provider in the Snapshot: destination, options of its schema, limits. */
import {
  PROVIDER_SCHEMAS,
  type ProviderConfig,
  type ProviderOptions,
  type ProviderSchema,
  type SimulatedConfig,
} from "#proxy/contract/snapshot.ts"
import {
  type Fields,
  LinkFault,
  readBoolean,
  readInteger,
  readNullable,
  readObject,
  readOneOf,
  readText,
} from "./read-value.ts"

const MS_MAX = 24 * 3600 * 1000
const FAULTS = [
  "ServerError",
  "RateLimited",
  "ConnectError",
  "Silence",
  "Truncate",
  "Garbage",
] as const

export function readProvider(value: unknown, path: string, key: string): ProviderConfig {
  const fields = readObject(value, path)
  const schema = readOneOf(fields["schema"], `${path}/schema`, PROVIDER_SCHEMAS)
  const network = readOneOf(fields["network"], `${path}/network`, ["Public", "Private"])
  const origin = readText(fields["origin"], `${path}/origin`)
  const name = readText(fields["name"], `${path}/name`)
  if (name !== key) throw new LinkFault(`must be ${key}, its key`, `${path}/name`)
  if (schema !== "Simulated") checkOrigin(origin, network, `${path}/origin`)
  const pathPrefix = readText(fields["pathPrefix"], `${path}/pathPrefix`)
  if (!/^(\/[A-Za-z0-9._~%!$&'()*+,;=:@-]+)*$/.test(pathPrefix)) {
    throw new LinkFault("must be an absolute path without query", `${path}/pathPrefix`)
  }
  const simulated = readNullable(fields["simulated"], `${path}/simulated`, readSimulated)
  if ((schema === "Simulated") !== (simulated !== null)) {
    throw new LinkFault("must be set for schema Simulated only", `${path}/simulated`)
  }
  return {
    name,
    schema,
    origin,
    pathPrefix,
    vendor: readNullable(fields["vendor"], `${path}/vendor`, readText),
    options: readOptions(fields["options"], schema, `${path}/options`),
    network,
    credential: readOneOf(fields["credential"], `${path}/credential`, ["Secret", "None"]),
    connectTimeoutMs: readInteger(
      fields["connectTimeoutMs"],
      `${path}/connectTimeoutMs`,
      1,
      MS_MAX,
    ),
    disabled: readBoolean(fields["disabled"], `${path}/disabled`),
    simulated,
  }
}

/** Scheme, host and port and nothing else: no user, path, query or fragment can ride along. */
function checkOrigin(origin: string, network: ProviderConfig["network"], path: string): void {
  if (!/^https?:\/\/(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/.test(origin)) {
    throw new LinkFault("must be scheme, host and port", path)
  }
  if (network === "Public" && !origin.startsWith("https://")) {
    throw new LinkFault("must be https on a Public network", path)
  }
}

function readSimulated(value: unknown, path: string): SimulatedConfig {
  const fields = readObject(value, path)
  const integer = (name: string, min: number, max: number): number =>
    readInteger(fields[name], `${path}/${name}`, min, max)
  return {
    latencyMs: integer("latencyMs", 0, MS_MAX),
    tokenIntervalMs: integer("tokenIntervalMs", 0, MS_MAX),
    outputTokens: integer("outputTokens", 0, 1_000_000),
    errorPercent: integer("errorPercent", 0, 100),
    fault: readOneOf(fields["fault"], `${path}/fault`, FAULTS),
  }
}

/** Whole path segments and host labels: nothing that could end one can ride along. */
const COMPONENT = /^[A-Za-z0-9](?:[A-Za-z0-9.:-]{0,126}[A-Za-z0-9])?$/

function readOptions(value: unknown, schema: ProviderSchema, path: string): ProviderOptions | null {
  const component = (item: unknown, at: string): string => {
    const text = readText(item, at)
    if (!COMPONENT.test(text)) throw new LinkFault("must be one component of a path", at)
    return text
  }
  switch (schema) {
    case "AzureOpenAI": {
      const fields = readTagged(value, schema, path)
      const apiVersion = readNullable(fields["apiVersion"], `${path}/apiVersion`, component)
      return Object.freeze({ schema, apiVersion })
    }
    case "VertexAI": {
      const fields = readTagged(value, schema, path)
      const project = component(fields["project"], `${path}/project`)
      const location = component(fields["location"], `${path}/location`)
      return Object.freeze({ schema, project, location })
    }
    case "Bedrock": {
      const fields = readTagged(value, schema, path)
      return Object.freeze({ schema, region: component(fields["region"], `${path}/region`) })
    }
    case "OpenAI":
    case "Anthropic":
    case "Gemini":
    case "Cohere":
    case "Simulated":
      if (value !== null) throw new LinkFault(`must be null for schema ${schema}`, path)
      return null
  }
}

function readTagged(value: unknown, schema: ProviderSchema, path: string): Fields {
  const fields = readObject(value, path)
  if (fields["schema"] !== schema) throw new LinkFault(`must be ${schema}`, `${path}/schema`)
  return fields
}
