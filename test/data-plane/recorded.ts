/** Bytes written by hand into a gateway, and those that its upstream then gets. */
import { request } from "node:http"
import { expect } from "vitest"
import type { TestUpstream } from "#test/upstream/client.ts"

export interface Sent {
  readonly path: string
  readonly body: string
}

export interface Posted {
  readonly status: number
  readonly text: string
}

/** Asks with these bytes and gives what the upstream was sent; the answer must be a 200. */
export async function sendThrough(
  origin: string,
  upstream: TestUpstream,
  path: string,
  body: string,
): Promise<Sent> {
  const before = await lastNumber(upstream)
  const { status, text } = await post(origin, path, body)
  expect(text).not.toContain('"error"')
  expect(status).toBe(200)
  const came = (await upstream.bodies()).filter(({ number }) => number > before)
  expect(came).toHaveLength(1)
  const [one] = came
  return { path: one?.path ?? "", body: Buffer.from(one?.bodyBase64 ?? "", "base64").toString() }
}

/** Of the last request that came; 0 before any. */
export async function lastNumber(upstream: TestUpstream): Promise<number> {
  return (await upstream.bodies()).at(-1)?.number ?? 0
}

export function post(origin: string, path: string, body: string): Promise<Posted> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json" }
    const call = request(`${origin}${path}`, { method: "POST", headers }, (answer) => {
      let text = ""
      answer.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk
      })
      answer.once("end", () => resolve({ status: answer.statusCode ?? 0, text }))
      answer.once("error", reject)
    })
    call.once("error", reject)
    call.end(Buffer.from(body))
  })
}

/** White space, escapes, digits and names that a parser and a writer would not give back. */
export const ODD_NUMBERS = "[ 1.0 ,1e2,\t-0 , 12345678901234567890,0.10000000000000000555,1E-7 ]"
export const ODD_TEXT = String.raw`"h\u00e9\u2028 \ud83c\udf0d 🌍 \/ \t é \u0022"`

/** Around the fields that a shape needs. */
export const odd = (fields: string) =>
  `\r\n{ "zz_first" : ${ODD_NUMBERS} ,\n\t${fields} , "zz\\u005flast":{"":[ { } ,null],"a.b":${ODD_TEXT}} }  \n`
