/** The refusal of what only an encoder can tell: a value, or a part of a message. */
import { refuseUnsupported } from "#proxy/exchange/feature-support.ts"
import { BodyFault } from "#proxy/exchange/read-body.ts"
import type { EncodeContext } from "./adapter.ts"

/** Throws `unsupported_parameter`; `param` is the client's name of it, `why` ends the sentence. */
export function cannotSay(param: string, { provider }: EncodeContext, why: string): never {
  throw new BodyFault(refuseUnsupported(param, provider.name, why))
}
