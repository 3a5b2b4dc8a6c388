/**
 * A model's name as one segment of a path: nothing in it ends the segment, begins a query or
 * climbs.
 *
 * A route may send on the name that the client asked for. Dots alone are a step up to every parser,
 * escaped or not, so that they are escaped twice: there is no such model, and the upstream says so.
 */
export function pathSegment(text: string): string {
  const escaped = encodeURIComponent(text.toWellFormed())
  return /^\.+$/.test(escaped) ? escaped.replaceAll(".", "%252E") : escaped
}
