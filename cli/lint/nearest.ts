/** The name that somebody may have meant. */

/** Longer words may be two letters off, short ones one. */
const SHORT = 5

/** Undefined when none of `names` is near. Case does not count; the nearest of several is given. */
export function nearest(word: string, names: Iterable<string>): string | undefined {
  const most = word.length < SHORT ? 1 : 2
  let best: { readonly name: string; readonly off: number } | undefined
  for (const name of names) {
    if (Math.abs(name.length - word.length) > most) continue
    const off = editsBetween(word.toLowerCase(), name.toLowerCase())
    if (off <= most && (best === undefined || off < best.off)) best = { name, off }
  }
  return best?.name
}

/** Levenshtein's distance: letters put in, left out or replaced. */
function editsBetween(a: string, b: string): number {
  let before = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let row = 1; row <= a.length; row++) {
    const now = [row]
    for (let at = 1; at <= b.length; at++) {
      const replaced = (before[at - 1] ?? 0) + (a[row - 1] === b[at - 1] ? 0 : 1)
      now.push(Math.min(replaced, (before[at] ?? 0) + 1, (now[at - 1] ?? 0) + 1))
    }
    before = now
  }
  return before[b.length] ?? 0
}
