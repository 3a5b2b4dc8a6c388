/** Server-sent events as text. Source: WHATWG HTML, 9.2 "Server-sent events". */

/** The last event of OpenAI's streams. */
export const DONE_EVENT = "data: [DONE]\n\n"

/** `data` and `name` are one line each; JSON is one that `writeJsonLine` or JSON.stringify made. */
export function writeEvent(data: string, name?: string): string {
  return name === undefined ? `data: ${data}\n\n` : `event: ${name}\ndata: ${data}\n\n`
}
