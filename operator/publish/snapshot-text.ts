/**
 * The canonical text of a Snapshot, put together from the texts of its parts.
 *
 * Routes, providers, prices and the access of a namespace keep their identity while they do not
 * change, and many namespaces share them. So each is written once, and one that changed costs its
 * own text and no other. Equal to `canonicalJson` of the whole, which the hash is made from.
 */
import { canonicalJson } from "#proxy/contract/json.ts"
import type { AnySnapshot } from "#proxy/contract/older-snapshots.ts"
import type { Snapshot } from "#proxy/contract/snapshot.ts"

export function snapshotText(snapshot: AnySnapshot): string {
  const { access, models, namespace, prices, providers, routes, schemaVersion, team } = snapshot
  const parameters = "parameters" in snapshot ? snapshot.parameters : undefined
  const parts = {
    access: textOf(access),
    models: canonicalJson(models),
    namespace: canonicalJson(namespace),
    prices: recordText(prices),
    providers: recordText(providers),
    routes: `[${routes.map(textOf).join(",")}]`,
    schemaVersion: canonicalJson(schemaVersion),
    team: textOf(team),
    ...(parameters === undefined ? {} : { parameters: textOf(parameters) }),
  } satisfies Record<Exclude<keyof Snapshot, "parameters">, string>
  return objectText(Object.entries(parts))
}

function recordText(values: Readonly<Record<string, object>>): string {
  return objectText(Object.keys(values).map((key) => [key, textOf(valueAt(values, key))]))
}

function valueAt(values: Readonly<Record<string, object>>, key: string): object {
  const value = values[key]
  if (value === undefined) throw new Error(`${key} has no value`)
  return value
}

function objectText(entries: readonly (readonly [string, string])[]): string {
  const sorted = [...entries].sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${sorted.map(([key, text]) => `${JSON.stringify(key)}:${text}`).join(",")}}`
}

const texts = new WeakMap<object, string>()

function textOf(part: object): string {
  const known = texts.get(part)
  if (known !== undefined) return known
  const text = canonicalJson(part)
  texts.set(part, text)
  return text
}
