/**
 * The Snapshot's shape, checked once as it arrives: `schemaVersion` first, then every field.
 *
 * In: a value of unknown shape. Out: a Snapshot that holds only checked fields, or a LinkFault that
 * names the object as the operator knows it and the JSON pointer. What refers to what is
 * `link.ts`'s question.
 */
import type { AccessRule, ModelAccess } from "#proxy/contract/access.ts"
import { OLDER_SCHEMA_VERSION } from "#proxy/contract/older-snapshots.ts"
import { OUTPUT_LIMIT_MAX } from "#proxy/contract/parameter-limits.ts"
import {
  type ModelIndex,
  SNAPSHOT_SCHEMA_VERSION,
  type Snapshot,
  type TeamVerdict,
} from "#proxy/contract/snapshot.ts"
import { raiseSnapshot } from "./raise-snapshot.ts"
import { readPrices } from "./read-prices.ts"
import { readProvider } from "./read-provider.ts"
import { readRoute } from "./read-route.ts"
import {
  type Fields,
  LinkFault,
  readInteger,
  readList,
  readMap,
  readNullable,
  readObject,
  readOneOf,
  readText,
  readTexts,
  within,
} from "./read-value.ts"

const ROUTES_MAX = 10_000
const MODELS_MAX = 100_000
const RULES_MAX = 10_000
const NAMES_MAX = 1024

export function readSnapshot(value: unknown): Snapshot {
  const fields = raiseFields(readObject(value, ""))
  const routes = readList(fields["routes"], "/routes", ROUTES_MAX)
  return {
    schemaVersion: SNAPSHOT_SCHEMA_VERSION,
    namespace: readText(fields["namespace"], "/namespace"),
    team: readTeam(fields["team"]),
    access: readAccess(fields["access"]),
    ...readParameters(fields["parameters"]),
    providers: readMap(fields["providers"], "/providers", (provider, path, key) =>
      within(`AIProvider ${key}`, () => readProvider(provider, path, key)),
    ),
    routes: routes.map((route, index) => readRoute(route, `/routes/${index}`)),
    models: readModels(fields["models"]),
    prices: readMap(fields["prices"], "/prices", readPrices),
  }
}

/** The fields in this release's words. */
function raiseFields(fields: Fields): Fields {
  const { schemaVersion } = fields
  if (schemaVersion === SNAPSHOT_SCHEMA_VERSION) return fields
  if (schemaVersion === OLDER_SCHEMA_VERSION) return raiseSnapshot(fields)
  const known = `this sidecar links schemas ${OLDER_SCHEMA_VERSION} and ${SNAPSHOT_SCHEMA_VERSION}`
  throw new LinkFault(`${known}, not ${String(schemaVersion)}`, "/schemaVersion")
}

function readTeam(value: unknown): TeamVerdict {
  const path = "/team"
  const fields = readObject(value, path)
  switch (readOneOf(fields["kind"], `${path}/kind`, ["team", "unassigned", "refused"])) {
    case "team":
      return {
        kind: "team",
        name: readText(fields["name"], `${path}/name`),
        costCenter: readNullable(fields["costCenter"], `${path}/costCenter`, readText),
        ancestors: readTexts(fields["ancestors"], `${path}/ancestors`, NAMES_MAX),
      }
    case "unassigned":
      return { kind: "unassigned" }
    case "refused":
      return {
        kind: "refused",
        code: readOneOf(fields["code"], `${path}/code`, [
          "team_unknown",
          "team_unassigned",
          "policy_invalid",
        ]),
        name: readText(fields["name"], `${path}/name`),
        object: readText(fields["object"], `${path}/object`),
        field: readNullable(fields["field"], `${path}/field`, readText),
        message: readText(fields["message"], `${path}/message`),
      }
  }
}

function readAccess(value: unknown): ModelAccess {
  const path = "/access"
  const fields = readObject(value, path)
  switch (readOneOf(fields["kind"], `${path}/kind`, ["rules", "none", "invalid"])) {
    case "rules":
      return {
        kind: "rules",
        deny: readAccessRules(fields["deny"], `${path}/deny`),
        allow: readAccessRules(fields["allow"], `${path}/allow`),
        otherwise: readOneOf(fields["otherwise"], `${path}/otherwise`, ["Allow", "Deny"]),
        decidedBy: readTexts(fields["decidedBy"], `${path}/decidedBy`, NAMES_MAX),
      }
    case "none":
      return { kind: "none" }
    case "invalid":
      return {
        kind: "invalid",
        policy: readText(fields["policy"], `${path}/policy`),
        field: readText(fields["field"], `${path}/field`),
        message: readText(fields["message"], `${path}/message`),
      }
  }
}

function readAccessRules(value: unknown, path: string): readonly AccessRule[] {
  return readList(value, path, RULES_MAX).map((item, index) => {
    const at = `${path}/${index}`
    const fields = readObject(item, at)
    return {
      policy: readText(fields["policy"], `${at}/policy`),
      name: readText(fields["name"], `${at}/name`),
      models: readTexts(fields["models"], `${at}/models`, NAMES_MAX),
      providers: readTexts(fields["providers"], `${at}/providers`, NAMES_MAX),
    }
  })
}

/** Absent stays absent. */
function readParameters(value: unknown): Pick<Snapshot, "parameters"> {
  if (value === undefined) return {}
  const at = "/parameters/maxOutputTokens"
  const limit = readObject(readObject(value, "/parameters")["maxOutputTokens"], at)
  const tokens = readInteger(limit["tokens"], `${at}/tokens`, 1, OUTPUT_LIMIT_MAX)
  const policy = readText(limit["policy"], `${at}/policy`)
  return { parameters: { maxOutputTokens: { tokens, policy } } }
}

function readModels(value: unknown): ModelIndex {
  const fields = readObject(value, "/models")
  const prefixes = readList(fields["prefixes"], "/models/prefixes", MODELS_MAX)
  return {
    exact: readMap(fields["exact"], "/models/exact", (item, path) =>
      readInteger(item, path, 0, ROUTES_MAX),
    ),
    prefixes: prefixes.map((item, index) => {
      const path = `/models/prefixes/${index}`
      const entry = readObject(item, path)
      return {
        prefix: readText(entry["prefix"], `${path}/prefix`),
        route: readInteger(entry["route"], `${path}/route`, 0, ROUTES_MAX),
      }
    }),
  }
}
