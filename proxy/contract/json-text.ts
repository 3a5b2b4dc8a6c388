/**
 * Strings as JSON text of ASCII characters alone, so that a character is a byte wherever the text
 * goes.
 *
 * Names repeat and are kept: quoting each of them for every request adds up.
 */

/** Names kept; at the bound all are let go, since a Snapshot holds far fewer. */
const NAMES_MAX = 4_096
/** Longer ones are quoted anew each time. */
const LENGTH_MAX = 256

const quoted = new Map<string, string>()

/** For texts that come again: names of objects and models, users. */
export function quoteName(name: string): string {
  const known = quoted.get(name)
  if (known !== undefined) return known
  const text = quoteText(name)
  if (name.length > LENGTH_MAX) return text
  if (quoted.size >= NAMES_MAX) quoted.clear()
  quoted.set(name, text)
  return text
}

const PLAIN = /^[\w.:-]*$/
const NOT_ASCII = /[\u007f-\uffff]/g

/** For texts that differ every time, such as ids. */
export function quoteText(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`
  return JSON.stringify(text).replace(NOT_ASCII, escapeUnit)
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`
}
