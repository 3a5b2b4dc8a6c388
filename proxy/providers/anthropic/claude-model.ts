/**
 * What differs between generations of Anthropic's models, by the name: bare, or as Vertex AI and
 * Bedrock write it.
 *
 * Source: Anthropic, "Models overview" for the output limits, "Thinking" and "Effort" for the rest.
 */

export interface ClaudeModel {
  /** Thinking is asked for as a budget of tokens, up to the 4.5 generation; later as an effort. */
  readonly takesBudget: boolean
  /** Whether the system may speak between turns, which came with 4.8. */
  readonly hasSystemTurns: boolean
  /** The effort between `high` and `max` came with 4.7. */
  readonly hasXhigh: boolean
  /** Output tokens that every model of this generation gives. */
  readonly outputMax: number
  /** Whether none of it gives more: a higher limit is refused. */
  readonly isMaxKnown: boolean
}

/** Of a name that says nothing: what servers of this API under other names take, too. */
const OUTPUT_UNKNOWN = 8192
const OUTPUT_CURRENT = 64_000
const OUTPUT_OF_3: Readonly<Partial<Record<string, number>>> = { "3": 4096, "3-5": 8192 }
const OUTPUT_OF_OPUS_4 = 32_000

/** Claude 3, and 4; what follows the 4 is its minor, or the day of release. */
const GENERATION = /claude-(?:(3(?:-\d)?(?!\d))|(opus|sonnet|haiku)-4(?:-(\d{1,2})(?!\d))?(?!\d))/

export function claudeModel(name: string): ClaudeModel {
  const found = GENERATION.exec(name)
  const [, three, family, minorText = "0"] = found ?? []
  if (three !== undefined) {
    const known = OUTPUT_OF_3[three]
    const outputs = { outputMax: known ?? OUTPUT_CURRENT, isMaxKnown: known !== undefined }
    return { takesBudget: true, hasXhigh: false, hasSystemTurns: false, ...outputs }
  }
  if (family === undefined) {
    const isClaude = name.includes("claude-")
    const outputs = { outputMax: isClaude ? OUTPUT_CURRENT : OUTPUT_UNKNOWN, isMaxKnown: false }
    return { takesBudget: false, hasXhigh: true, hasSystemTurns: isClaude, ...outputs }
  }
  const minor = Number(minorText)
  return {
    takesBudget: minor <= 5,
    hasXhigh: minor >= 7,
    hasSystemTurns: minor >= 8,
    outputMax: family === "opus" && minor <= 1 ? OUTPUT_OF_OPUS_4 : OUTPUT_CURRENT,
    isMaxKnown: minor <= 5,
  }
}
