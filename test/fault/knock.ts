/**
 * One request on the operator's channel, said by hand: any method, any path, any header or none.
 *
 * In: where, and what to say. Out: the head, and the body unless it is an event stream, which is
 * left at once.
 */
import { request } from "node:https"

export interface Door {
  readonly port: number
  readonly serverName: string
  /** PEM of the roots to trust. */
  readonly ca: string
}

export interface Knock {
  readonly method: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON. */
  readonly body?: unknown
}

export interface Answer {
  readonly status: number
  readonly isStream: boolean
  readonly text: string
}

const WITHIN_MS = 60_000

export function knock(door: Door, { method, path, headers = {}, body }: Knock): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: "127.0.0.1",
        port: door.port,
        servername: door.serverName,
        ca: door.ca,
        agent: false,
        method,
        path,
        headers: {
          ...headers,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        signal: AbortSignal.timeout(WITHIN_MS),
      },
      (response) => {
        const { statusCode: status = 0, headers: heads } = response
        const isStream = heads["content-type"] === "text/event-stream"
        if (isStream) {
          resolve({ status, isStream, text: "" })
          outgoing.destroy()
          return
        }
        let text = ""
        response.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk
        })
        response.on("error", reject)
        response.on("end", () => resolve({ status, isStream, text }))
      },
    )
    outgoing.on("error", reject)
    outgoing.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

export function bearer(token: string): Readonly<Record<string, string>> {
  return { authorization: `Bearer ${token}` }
}
