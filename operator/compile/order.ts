/** The two orders of the compiler; both are total, so the order of arrival never shows. */
import type { ConfigObject } from "#operator/index/view.ts"

/** By UTF-16 code units, as canonical JSON sorts. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

export function byName(a: ConfigObject, b: ConfigObject): number {
  return compareText(a.namespace, b.namespace) || compareText(a.name, b.name)
}

/** Who was there first wins; equal times are decided by name. */
export function byAge(a: ConfigObject, b: ConfigObject): number {
  return a.createdAt - b.createdAt || byName(a, b)
}
