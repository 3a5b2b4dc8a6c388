/**
 * Which names the price list prices, and how: a name that it spells out, and a beginning where it
 * says that all names that begin so are one model.
 *
 * The list has rules (equals, starts with, contains, ends with, regular expressions), the first
 * that matches wins, and some vendors fall back on another's list. Ours are names and prefixes,
 * where the longest wins. So each name and each prefix is asked of the list itself and gets the
 * price of what the list picks; what cannot be said in these terms is left out, never guessed:
 * - `contains` and `starts_with` become prefixes, for Bedrock also behind each region's prefix;
 * - `ends_with` becomes the name alone;
 * - an expression for dated names becomes the prefix of this century's dates; others are left out.
 */
import { calcPrice, findProvider, type MatchLogic, type ModelInfo } from "@pydantic/genai-prices"
import { pricesOf } from "./read-price.ts"
import type { DatedPrice } from "./tariff.ts"

/** A key of ours, and a name that it stands for, to ask the list about. */
interface Candidate {
  readonly key: string
  readonly probe: string
}

/** By name; a name that ends in `*` stands for all that begin so. */
export function readList(id: string): ReadonlyMap<string, readonly DatedPrice[]> {
  const provider = findProvider({ providerId: id })
  if (provider === undefined) throw new Error(`the price list knows no provider ${id}`)
  const fallbacks = (provider.fallback_model_providers ?? []).flatMap(
    (other) => findProvider({ providerId: other })?.models ?? [],
  )
  const regions = id === "aws" ? regionsOf(provider.models) : []
  const found = new Map<string, readonly DatedPrice[]>()
  for (const model of [...provider.models, ...fallbacks]) {
    const candidates = candidatesOf(model.match).flatMap((candidate) =>
      id === "aws" ? inRegions(candidate, model, regions) : [candidate],
    )
    for (const { key, probe } of candidates) {
      const picked = calcPrice({}, probe, { providerId: id })?.model
      const prices = picked === undefined ? undefined : pricesOf(picked)
      if (prices !== undefined) found.set(key, prices)
    }
  }
  return new Map([...found].filter(([name, prices]) => !isCovered(name, prices, found)))
}

/** A prefix stands for its own text as well. */
function isCovered(
  name: string,
  prices: readonly DatedPrice[],
  found: ReadonlyMap<string, readonly DatedPrice[]>,
): boolean {
  return JSON.stringify(found.get(`${name}*`)) === JSON.stringify(prices)
}

function candidatesOf(match: MatchLogic): readonly Candidate[] {
  if ("equals" in match) return [exact(match.equals)]
  if ("ends_with" in match) return [exact(match.ends_with)]
  if ("starts_with" in match) return [exact(match.starts_with), prefix(match.starts_with)]
  if ("contains" in match) return [exact(match.contains), prefix(match.contains)]
  if ("regex" in match) return datedNames(match.regex)
  if ("or" in match) return match.or.flatMap(candidatesOf)
  return match.and.flatMap((part) => ("starts_with" in part ? [exact(part.starts_with)] : []))
}

function exact(name: string): Candidate {
  return { key: name, probe: name }
}

function prefix(name: string): Candidate {
  return { key: `${name}*`, probe: `${name}-x1` }
}

/** `^name-\d{8}$` and `^name-\d{4}-\d{2}-\d{2}$`. */
function datedNames(regex: string): readonly Candidate[] {
  const dated = /^\^([a-z0-9/\\.-]+)-(\\d\{8\}|\\d\{4\}-\\d\{2\}-\\d\{2\})\$$/.exec(regex)
  const [, escaped, date] = dated ?? []
  if (escaped === undefined || date === undefined) return []
  const name = escaped.replaceAll("\\.", ".")
  return [
    { key: `${name}-20*`, probe: `${name}-${date.includes("8") ? "20260101" : "2026-01-01"}` },
  ]
}

/** `us.`, `eu.`, `global.` and so on, as far as the list itself names them. */
function regionsOf(models: readonly ModelInfo[]): readonly string[] {
  const literals = JSON.stringify(models.map(({ match }) => match)).matchAll(REGIONAL)
  return [...new Set([...literals].map(([, region]) => region ?? ""))].sort()
}

const REGIONAL = /"((?:us|eu|ap|apac|jp|au|in|ca|sa|us-gov|global)[.])[a-z0-9]+[.]/g

/**
 * A part of an id of Bedrock as the beginnings of whole ids: region, maker, model. A rule without
 * the maker takes it from the model's own id.
 */
function inRegions(
  { key, probe }: Candidate,
  { id }: ModelInfo,
  regions: readonly string[],
): readonly Candidate[] {
  const name = key.replace("*", "")
  if (regions.some((region) => name.startsWith(region))) return [{ key, probe }]
  const whole = id.replace(/^(regional|global)[.]/, "")
  const maker = /^[a-z0-9]+[.]/.test(name) ? "" : whole.slice(0, Math.max(0, whole.indexOf(name)))
  return ["", ...regions].map((region) => ({
    key: `${region}${maker}${key}`,
    probe: `${region}${maker}${probe}`,
  }))
}
