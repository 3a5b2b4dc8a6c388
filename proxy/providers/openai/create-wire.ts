/** A wire of OpenAI's shape at one place, for clients that speak it too. */
import type { WireName } from "#proxy/exchange/wire-name.ts"
import type { CallPlace, EmbeddingsWire, SameWire, UpstreamWire } from "../adapter.ts"
import { PLAIN_WIRE } from "../plain-wire.ts"
import { readError } from "./read-answer.ts"

/** What a place of this shape says of a wire: its owner, its paths and where the key goes. */
export interface OpenAiPlace {
  readonly owner: string
  readonly path: (place: CallPlace, suffix: string) => string
  readonly authorization: UpstreamWire["authorization"]
}

export interface PlacedWire {
  readonly name: WireName
  /** Behind the owner's name. */
  readonly title: string
  /** Of its path. */
  readonly suffix: string
  readonly same: SameWire
  /** Absent where nothing is translated to it. */
  readonly embeddings?: EmbeddingsWire
}

export function createWire(
  place: OpenAiPlace,
  { name, title, suffix, same, embeddings }: PlacedWire,
): UpstreamWire {
  return Object.freeze({
    ...PLAIN_WIRE,
    name,
    title: `${place.owner} ${title}`,
    path: (at: CallPlace) => place.path(at, suffix),
    authorization: place.authorization,
    same,
    embeddings: embeddings ?? null,
    readError,
  } satisfies UpstreamWire)
}
