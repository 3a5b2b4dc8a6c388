import { expect, test } from "vitest"
import { faultOfToken } from "./judge-token.ts"
import type { MintedToken } from "./minted-token.ts"
import { SecretValue } from "./secret-value.ts"

const NOW = 1_000_000
const bearer = (value: string, expiresAt = NOW + 2001): MintedToken => ({
  kind: "bearer",
  value: new SecretValue(value),
  expiresAt,
})
const keys = (sessionToken: string | null, accessKeyId = "ASIA"): MintedToken => ({
  kind: "aws",
  accessKeyId: new SecretValue(accessKeyId),
  secretAccessKey: new SecretValue("secret"),
  sessionToken: sessionToken === null ? null : new SecretValue(sessionToken),
  expiresAt: NOW + 2001,
})

const NONE = "the token that came is none: no header can carry it"
const NO_END = "the token that came does not say when it expires"
const OVER = "the token that came had expired already, by the operator's clock"
const cases = [
  { name: "a token is good", token: bearer("ya29.a-b_c/~"), want: null },
  { name: "keys are good, with a session or without", token: keys(null), want: null },
  { name: "an empty token is none", token: bearer(""), want: NONE },
  { name: "so is one with a space", token: bearer("a b"), want: NONE },
  {
    name: "so is one with a line end, which would be another header",
    token: bearer("a\n"),
    want: NONE,
  },
  { name: "so is one beyond ASCII", token: bearer("ü"), want: NONE },
  { name: "so is an empty key id", token: keys("t", ""), want: NONE },
  { name: "so is a session in two lines", token: keys("a\r\nb"), want: NONE },
  {
    name: "no header takes more than 16 KiB",
    token: bearer("x".repeat(16_385)),
    want: "the token that came is over 16384 bytes",
  },
  { name: "an end that is no number is none", token: bearer("t", Number.NaN), want: NO_END },
  { name: "nor one that no date can show", token: bearer("t", 8.64e15 + 1), want: NO_END },
  { name: "a fraction of a millisecond is no end", token: bearer("t", NOW + 0.5), want: NO_END },
  { name: "what ends before it can be sent has ended", token: bearer("t", NOW + 2000), want: OVER },
  { name: "what ended long ago too", token: bearer("t", 0), want: OVER },
]
test.each(cases)("$name", ({ token, want }) => {
  expect(faultOfToken(token, NOW)).toBe(want)
})
