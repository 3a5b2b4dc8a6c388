/** Where an upstream is: the form of an endpoint, and the hosts that are never one. */
import * as z from "zod"
import { type Rule, ruled } from "./rule.ts"

// Lower-case ASCII only: no user info, query, fragment, escape, backslash, trailing dot or zone can
// be written.
const LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
const HOST_NAME = `${LABEL}([.]${LABEL}){0,15}`
const HEX = "[0-9a-f]{1,4}"
const IPV6 = `\\[((${HEX}:){7}${HEX}|(${HEX}(:${HEX}){0,5})?::(${HEX}(:${HEX}){0,5})?)\\]`
const PORT =
  "([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
const PATH = "(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*){0,8}/?"
const ENDPOINT = `^https?://(${HOST_NAME}|${IPV6})(:${PORT})?${PATH}$`

const END = "(:[0-9]+)?(/|$)"
const BYTE = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
/** The last label starts with a digit: every URL parser reads such a host as a number. */
const NUMERIC = `^https?://([^/:]*[.])?[0-9][^/:.]*${END}`
const DOTTED_QUAD = `^https?://${BYTE}([.]${BYTE}){3}${END}`
/** https, and a name with a top-level domain. */
const PUBLIC = `^https://([^/:]*[.])?[a-z0-9-]+[.][a-z][a-z0-9-]*${END}`
const LOCAL = `^https?://([^/:]*[.])?(localhost|local|internal|intranet|svc|lan|home[.]arpa)${END}`
const PUNYCODE = "^https?://([^/:]*[.])?xn--"
/**
 * Metadata services, link-local, unspecified and translated addresses, and the API server itself.
 */
const FORBIDDEN = [
  "169[.]254[.]",
  "0[.][0-9]",
  "100[.]100[.]100[.]200",
  "\\[(fe[89ab][0-9a-f]:|fd00:ec2:|64:ff9b:|[0-9a-f:]*:ffff:|::\\]|[0:]*\\])",
  `metadata([.]google[.]internal)?${END}`,
  `kubernetes([.]default([.]svc([.]cluster[.]local)?)?)?${END}`,
].join("|")
const DENIED = `^https?://(${FORBIDDEN})`

const [wellFormed, numeric, dottedQuad, denied, publicHost, localHost, punycode] = [
  new RegExp(ENDPOINT),
  new RegExp(NUMERIC),
  new RegExp(DOTTED_QUAD),
  new RegExp(DENIED),
  new RegExp(PUBLIC),
  new RegExp(LOCAL),
  new RegExp(PUNYCODE),
] as const

/** `spec.endpoint`. */
export const Endpoint = ruled(
  z
    .string()
    .min(1)
    .max(512)
    .describe(
      "Base URL of the upstream: `https://HOST[:PORT][/PATH]`, all lower case but the path, " +
        "for example `https://api.openai.com/v1`. The schema's own paths follow it: those of " +
        "`OpenAI` begin with `/chat/completions`, so that its endpoint usually ends in `/v1`; " +
        "those of the others bring a version along, as `/v1/messages` does. When absent it is " +
        "the schema's or the vendor's own; required with `AzureOpenAI`, and with `OpenAI` " +
        "unless `vendor` names one that has a public endpoint; `Simulated` has none.",
    ),
  [
    {
      // A rule and not a `pattern`, whose message would be this expression.
      cel: `self.matches(r'${ENDPOINT}')`,
      message:
        "must be http(s)://HOST[:PORT][/PATH] with a lower-case ASCII host, without user, query, " +
        "fragment, escapes or a dot at the end",
      holds: (text) => wellFormed.test(text),
    },
    {
      cel: `!self.matches(r'${NUMERIC}') || self.matches(r'${DOTTED_QUAD}')`,
      message: "an address must be written as four decimal numbers, as in 10.0.0.7",
      holds: (text) => !numeric.test(text) || dottedQuad.test(text),
    },
    {
      cel: `!self.matches(r'${DENIED}')`,
      message:
        "metadata, link-local and unspecified addresses and the API server are never allowed",
      holds: (text) => !denied.test(text),
    },
  ],
)

interface Destination {
  readonly network?: "Public" | "Private" | undefined
  readonly endpoint?: string | undefined
}

/** Over `spec`: on the public network an endpoint is https, and a name that the world knows. */
export const PUBLIC_ENDPOINT_RULE: Rule<Destination> = {
  cel:
    "(has(self.network) && self.network == 'Private') || !has(self.endpoint) || " +
    `(self.endpoint.matches(r'${PUBLIC}') && !self.endpoint.matches(r'${LOCAL}') && ` +
    `!self.endpoint.matches(r'${PUNYCODE}'))`,
  message:
    "with network Public the endpoint must be https with a public host name in ASCII; set " +
    "network: Private for http, addresses and in-cluster names",
  fieldPath: ".endpoint",
  holds: ({ network, endpoint }) =>
    network === "Private" || endpoint === undefined || isPublic(endpoint),
}

function isPublic(endpoint: string): boolean {
  return publicHost.test(endpoint) && !localHost.test(endpoint) && !punycode.test(endpoint)
}
