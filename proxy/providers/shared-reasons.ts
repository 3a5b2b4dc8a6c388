/**
 * Why wires leave out, or tell otherwise, what a request asks for: the sentences that several
 * tables of features share. Each is printed in docs/providers.md behind the feature's name.
 */
import type { Support } from "#proxy/exchange/feature-support.ts"

/** Left out: the answer is the same without it. */
export const DROPPED = Object.freeze({
  shownAtOnce: { dropped: "the tool is shown at once; only the cost differs" },
  ownDetail: { dropped: "the detail is the model's own choice; the picture is the same" },
  firstCallOnly: {
    dropped: "of several calls only the first is passed on; the model makes the others again",
  },
  noErrorMark: { dropped: "there is no such mark; the result's own text says what failed" },
  othersOffered: {
    dropped: "nothing obliges the model to search or to draw; it goes on with the other tools",
  },
  foreignThoughts: { dropped: "thoughts without its own signature are not taken back" },
  thinksAnew: { dropped: "earlier thoughts are not taken back; the model thinks anew" },
  allIsSent: {
    dropped: "it trims what would be read again of a long conversation; all of it is sent",
  },
  echoIsIdle: { dropped: "marks beside an earlier answer say nothing to another model" },
  onlyMarkedIsCached: {
    dropped: "only what is marked is cached; a hint changes the cost, not the answer",
  },
  cachedUnasked: { dropped: "prompts are cached without being asked; only the cost differs" },
  staysInText: { dropped: "what was said stays in the text; where it was found is not sent back" },
  hintAtLength: { dropped: "a hint at how many words an answer takes, not at what it says" },
  isDefault: { dropped: "it is what happens when nothing is said" },
  noUserField: { dropped: "there is no such field; the gateway's own records name the user" },
  onlyALabel: {
    dropped: "it labels the request at the provider; the answer does not depend on it",
  },
  usageAlways: { dropped: "usage comes in every stream, and is shown where it was asked for" },
} satisfies Readonly<Record<string, Support>>)

/** It arrives in other words: what they do not promise. */
export const TOLD = Object.freeze({
  grammarAsWords: {
    told: "the model reads it in the tool's description, and nothing else holds it to it",
  },
  foundAsText: { told: "the model reads it as a text that begins with its title and its source" },
} satisfies Readonly<Record<string, Support>>)
