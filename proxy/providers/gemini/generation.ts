/** Generations of Google's models by their names; one that names none is taken for a new one. */

const FIRST_TWO = /gemini-(?:1|2)/

export function isBeforeThird(model: string): boolean {
  return FIRST_TWO.test(model)
}
