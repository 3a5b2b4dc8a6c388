/**
 * Output tokens at most of OpenAI's older models, which refuse a higher limit. Clients of shapes
 * that demand a limit write a large one for any model: the model's own is what they get anyway.
 *
 * Source: OpenAI API reference, its pages of models.
 */

const MAXIMA: readonly (readonly [RegExp, number])[] = [
  [/(?:^|[/:])(?:gpt-3\.5|gpt-4-turbo|gpt-4-(?:0125|1106))/, 4096],
  [/(?:^|[/:])gpt-4(?:-0613)?$/, 8192],
  [/(?:^|[/:])gpt-4o/, 16_384],
  [/(?:^|[/:])gpt-4\.1/, 32_768],
  [/(?:^|[/:])gpt-5[^/]*-chat/, 16_384],
]

/** The limit itself where it is lower, or nothing is known of the model. */
export function withinMax(limit: number, model: string): number {
  const max = MAXIMA.find(([pattern]) => pattern.test(model))?.[1]
  return max === undefined ? limit : Math.min(limit, max)
}
