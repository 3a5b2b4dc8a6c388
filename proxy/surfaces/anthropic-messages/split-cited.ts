/**
 * A text cut into the blocks that Anthropic's shape tells places by: each cited piece is one, with
 * what it rests on ("Citations"). Places that overlap share a block, so that nothing is told twice.
 */
import type { Citation } from "#proxy/exchange/response-event.ts"
import { cutSpan, type Span } from "#proxy/exchange/text-ruler.ts"

export interface CitedBlock {
  readonly text: string
  readonly citations: readonly Citation[]
}

/**
 * `own`: where `text` lies in the choice's, in code points. Citations without a place in it stand
 * with its last block.
 */
export function splitCited(
  text: string,
  own: Span,
  citations: readonly Citation[],
): readonly CitedBlock[] {
  const placed = citations.flatMap((citation) => {
    const place = cutSpan(citation.place, own)
    return place === null ? [] : [{ ...place, citations: [citation] }]
  })
  const rest = citations.filter(({ place }) => cutSpan(place, own) === null)
  const blocks = cutText(text, joinOverlaps(placed))
  if (rest.length === 0) return blocks
  const last = blocks.at(-1) ?? { text, citations: [] }
  return [...blocks.slice(0, -1), { ...last, citations: [...last.citations, ...rest] }]
}

interface Piece extends Span {
  readonly citations: Citation[]
}

function joinOverlaps(placed: readonly Piece[]): readonly Piece[] {
  const pieces: Piece[] = []
  for (const piece of placed.toSorted((a, b) => a.start - b.start)) {
    const last = pieces.at(-1)
    if (last === undefined || piece.start >= last.end) pieces.push(piece)
    else {
      for (const citation of piece.citations) last.citations.push(citation)
      pieces[pieces.length - 1] = { ...last, end: Math.max(last.end, piece.end) }
    }
  }
  return pieces
}

/**
 * The pieces and what lies between them, in their order. Anthropic takes no block back that is all
 * white space: such a piece stays with the block before it, or at the start with the next.
 */
function cutText(text: string, pieces: readonly Piece[]): readonly CitedBlock[] {
  const blocks: { text: string; readonly citations: Citation[] }[] = []
  let point = 0
  let index = 0
  const take = (end: number): string => {
    const from = index
    for (; point < end && index < text.length; point++) {
      index += (text.codePointAt(index) ?? 0) > 0xffff ? 2 : 1
    }
    return text.slice(from, index)
  }
  const add = (piece: string, citations: readonly Citation[]): void => {
    if (piece === "") return
    const last = blocks.at(-1)
    if (last === undefined || !(isBlank(last.text) || isBlank(piece))) {
      blocks.push({ text: piece, citations: [...citations] })
      return
    }
    last.text += piece
    for (const citation of citations) last.citations.push(citation)
  }
  for (const { start, end, citations } of pieces) {
    add(take(start), [])
    add(take(end), citations)
  }
  add(text.slice(index), [])
  return blocks
}

function isBlank(text: string): boolean {
  return !/\S/.test(text)
}
