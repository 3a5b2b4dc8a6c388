/** Chat Completions as one vendor speaks it: the wire made once from the vendor's traits. */
import type { ChatRequest } from "#proxy/exchange/chat-request.ts"
import type { ParsedRequest } from "#proxy/exchange/parsed-request.ts"
import type { Target } from "#proxy/exchange/target.ts"
import type { EncodeContext, SameWire, TapOptions, UpstreamWire } from "../adapter.ts"
import { PLAIN_WIRE } from "../plain-wire.ts"
import { spliceModel } from "../splice-body.ts"
import { PLAIN_NAMES } from "../tool-names.ts"
import { decodeAnswer, openDecoder } from "./decode-chat.ts"
import { encodeBody, encodeBounded, spliceBounded } from "./encode-body.ts"
import { encodeChat } from "./encode-chat.ts"
import { findAnswerFault, measureAnswer, readError } from "./read-answer.ts"
import { readUsage } from "./read-usage.ts"
import { openTap } from "./stream-tap.ts"
import type { VendorTraits } from "./vendors.ts"

export function createChatWire(
  traits: VendorTraits,
  place: Pick<UpstreamWire, "title" | "path" | "authorization">,
): UpstreamWire {
  return Object.freeze({
    ...PLAIN_WIRE,
    ...place,
    name: "openai.chat",
    same: sameChatWire(traits),
    chat: Object.freeze({
      features: () => traits.features,
      toolNames: PLAIN_NAMES,
      encode: (chat: ChatRequest, context: EncodeContext) => encodeChat(chat, context, traits),
      decodeAnswer,
      openDecoder,
    }),
    readError,
  } satisfies UpstreamWire)
}

/** Vendors of the newer name of the output's limit take the older one as well. */
function sameChatWire(traits: VendorTraits): SameWire {
  const same = sameTextWire(traits)
  if (traits.outputLimit === "max_completion_tokens") return same
  const { encodeBody: encodePlain } = same
  const encodeOlder = traits.streamUsage === "asked" ? encodeBounded : spliceBounded
  return Object.freeze({
    ...same,
    encodeBody: (request: ParsedRequest, target: Target) =>
      (request.isOutputBounded === true ? encodeOlder : encodePlain)(request, target),
  })
}

/** For clients of its own shape, and those of Completions, whose answers have the same frame. */
export function sameTextWire({ streamUsage }: Pick<VendorTraits, "streamUsage">): SameWire {
  const isAsked = streamUsage === "asked"
  return Object.freeze({
    encodeBody: isAsked ? encodeBody : spliceModel,
    readUsage,
    findAnswerFault,
    measureAnswer,
    openTap: isAsked ? openTap : (options: TapOptions) => openTap({ ...options, wantsUsage: true }),
  } satisfies SameWire)
}
