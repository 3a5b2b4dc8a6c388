/** What Google is told of a medium at an address, which it fetches only with its type. */
import { describe, expect, test } from "vitest"
import type { MediaPart } from "#proxy/exchange/chat-request.ts"
import { readBody } from "#proxy/exchange/read-body.ts"
import { makeProvider } from "#proxy/runtime/samples.test-data.ts"
import { encodeMedia } from "./encode-media.ts"

const CONTEXT = { provider: makeProvider("one"), model: "gemini-3.5-flash", isStream: false }

function encode(kind: MediaPart["kind"], url: string, mimeType: string | null = null) {
  const source = { kind: "url", url, mimeType } as const
  const part: MediaPart = { kind, source, name: null, detail: null, isCited: false, cache: null }
  return readBody(() => encodeMedia(part, CONTEXT))
}

describe("an address is told with its type", () => {
  test.each([
    ["image", "https://a.example/b.png", null, "image/png"],
    ["image", "https://a.example/b.JPG", null, "image/jpeg"],
    ["image", "https://a.example/b.c.webp?size=1.gif#x.png", null, "image/webp"],
    ["file", "https://a.example/b.pdf", null, "application/pdf"],
    ["file", "https://a.example/b", "application/pdf", "application/pdf"],
    ["image", "https://a.example/b.png", "image/heif", "image/heif"],
    ["video", "https://a.example/b", "video/mp4", "video/mp4"],
  ] as const)("%s %s, said to be %s: %s", (kind, fileUri, said, mimeType) => {
    expect(encode(kind, fileUri, said)).toEqual({
      ok: true,
      value: { fileData: { mimeType, fileUri } },
    })
  })
})

describe("an address is refused", () => {
  test.each([
    ["image", "https://a.example/b", "does not end in one of png, jpg"],
    ["image", "https://a.example/b.gif", "does not end in one of png, jpg"],
    ["image", "https://a.example/?b.png", "does not end in one of png, jpg"],
    ["image", "https://a.png", "does not end in one of png, jpg"],
    ["file", "https://a.example/b.png", "does not end in one of pdf"],
    ["image", "http://a.example/b.png", "only from an https address"],
  ] as const)("%s %s: %s", (kind, url, why) => {
    const { refusal } = { refusal: undefined, ...encode(kind, url) }
    expect(refusal).toMatchObject({ code: "unsupported_parameter", param: "messages" })
    expect(refusal?.message).toContain(why)
  })
})
