/**
 * What a wire does with what a request uses: one table a wire, over a closed list of features.
 *
 * A surface's reader notes each feature under the client's own name of it. What a wire cannot do is
 * refused by name; what it may leave out without losing anything says why in the table. Nothing is
 * dropped that is not in it, and the documentation is made from the same tables.
 */
import { type Refusal, refuse } from "./refusal.ts"

/** One feature that a request uses; `param` is the client's name or JSON pointer of it. */
export interface UseOf<Feature extends string> {
  readonly feature: Feature
  readonly param: string
}

/**
 * `yes`: it arrives. `no`: 400 `unsupported_parameter`. `dropped`: left out, and the sentence says
 * why the answer is the same without it. `told`: it arrives in other words, and the sentence says
 * what they do not promise. Both sentences are printed in docs/providers.md.
 */
export type Support = "yes" | "no" | { readonly dropped: string } | { readonly told: string }

/** Why a wire does not just take or refuse a feature. */
export function reasonOf(support: Exclude<Support, string>): string {
  return "told" in support ? support.told : support.dropped
}

export type SupportTable<Feature extends string> = Readonly<Record<Feature, Support>>

/**
 * The first use that `table` refuses, as a refusal that names the field and the provider.
 * `reasons`: for features that are no field of their own.
 */
export function findUnsupported<Feature extends string>(
  uses: readonly UseOf<Feature>[],
  table: SupportTable<Feature>,
  provider: string,
  shape: string,
  reasons?: Readonly<Partial<Record<Feature, string>>>,
): Refusal | null {
  for (const { feature, param } of uses) {
    if (table[feature] !== "no") continue
    return refuseUnsupported(param, provider, reasons?.[feature] ?? `${shape} has no such field`)
  }
  return null
}

/** The client's name of what it used of a feature; undefined when it did not. */
export function paramOf<Feature extends string>(
  uses: readonly UseOf<Feature>[],
  feature: Feature,
): string | undefined {
  return uses.find((use) => use.feature === feature)?.param
}

/** Also for what only an encoder can tell, such as a value outside the range that a wire takes. */
export function refuseUnsupported(param: string, provider: string, why: string): Refusal {
  const message = `${param} cannot be said to provider ${provider}: ${why}`
  return refuse("unsupported_parameter", message, { param })
}
