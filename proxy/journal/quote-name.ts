/** Names that repeat, as JSON text, kept: quoting each of them for every request adds up. */

/** Names kept; at the bound all are let go, since a Snapshot holds far fewer. */
const NAMES_MAX = 4_096
/** Longer ones are quoted anew each time. */
const LENGTH_MAX = 256

const quoted = new Map<string, string>()

export function quoteName(name: string): string {
  const known = quoted.get(name)
  if (known !== undefined) return known
  const text = JSON.stringify(name)
  if (name.length > LENGTH_MAX) return text
  if (quoted.size >= NAMES_MAX) quoted.clear()
  quoted.set(name, text)
  return text
}
