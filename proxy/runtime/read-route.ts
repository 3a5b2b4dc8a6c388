/** The shape of one route in the Snapshot: rules, matches, backends, retry and timeouts. */
import type {
  BackendConfig,
  BackendProblem,
  LabelSelector,
  MatchConfig,
  RetryConfig,
  RouteConfig,
  RuleConfig,
  TimeoutConfig,
} from "#proxy/contract/snapshot.ts"
import { TARGETS_MAX } from "#proxy/exchange/target.ts"
import {
  LinkFault,
  readInteger,
  readList,
  readMap,
  readNullable,
  readObject,
  readOneOf,
  readText,
  readTexts,
  within,
} from "./read-value.ts"

const RULES_MAX = 64
const MATCHES_MAX = 64
const ENTRIES_MAX = 1024
const WEIGHT_MAX = 1_000_000
const ATTEMPTS_MAX = 16
const MS_MAX = 24 * 3600 * 1000

export function readRoute(value: unknown, path: string): RouteConfig {
  const fields = readObject(value, path)
  const name = readText(fields["name"], `${path}/name`)
  return within(`AIRoute ${name}`, () => ({
    name,
    rules: readList(fields["rules"], `${path}/rules`, RULES_MAX).map((rule, index) =>
      readRule(rule, `${path}/rules/${index}`),
    ),
  }))
}

function readRule(value: unknown, path: string): RuleConfig {
  const fields = readObject(value, path)
  const strategy = readObject(fields["strategy"], `${path}/strategy`)
  const matches = readList(fields["matches"], `${path}/matches`, MATCHES_MAX)
  const backends = readList(fields["backends"], `${path}/backends`, TARGETS_MAX)
  return {
    name: readText(fields["name"], `${path}/name`),
    matches: matches.map((match, index) => readMatch(match, `${path}/matches/${index}`)),
    strategy: { type: readOneOf(strategy["type"], `${path}/strategy/type`, ["Weighted"]) },
    backends: backends.map((backend, index) => readBackend(backend, `${path}/backends/${index}`)),
    retry: readRetry(fields["retry"], `${path}/retry`),
    timeouts: readTimeouts(fields["timeouts"], `${path}/timeouts`),
  }
}

function readMatch(value: unknown, path: string): MatchConfig {
  const fields = readObject(value, path)
  const headers = readList(fields["headers"], `${path}/headers`, ENTRIES_MAX)
  return {
    headers: headers.map((item, index) => {
      const at = `${path}/headers/${index}`
      const header = readObject(item, at)
      const name = readText(header["name"], `${at}/name`)
      if (name !== name.toLowerCase()) throw new LinkFault("must be lower case", `${at}/name`)
      return { name, value: readText(header["value"], `${at}/value`) }
    }),
    workloadSelector: readNullable(
      fields["workloadSelector"],
      `${path}/workloadSelector`,
      readSelector,
    ),
  }
}

function readSelector(value: unknown, path: string): LabelSelector {
  const fields = readObject(value, path)
  const expressions = readList(fields["matchExpressions"], `${path}/matchExpressions`, ENTRIES_MAX)
  return {
    matchLabels: readMap(fields["matchLabels"], `${path}/matchLabels`, readText),
    matchExpressions: expressions.map((item, index) => {
      const at = `${path}/matchExpressions/${index}`
      const expression = readObject(item, at)
      return {
        key: readText(expression["key"], `${at}/key`),
        operator: readOneOf(expression["operator"], `${at}/operator`, [
          "In",
          "NotIn",
          "Exists",
          "DoesNotExist",
        ]),
        values: readTexts(expression["values"], `${at}/values`, ENTRIES_MAX),
      }
    }),
  }
}

function readBackend(value: unknown, path: string): BackendConfig {
  const fields = readObject(value, path)
  return {
    provider: readText(fields["provider"], `${path}/provider`),
    model: readNullable(fields["model"], `${path}/model`, readText),
    weight: readInteger(fields["weight"], `${path}/weight`, 0, WEIGHT_MAX),
    priority: readInteger(fields["priority"], `${path}/priority`, 0, WEIGHT_MAX),
    problem: readNullable(fields["problem"], `${path}/problem`, readProblem),
  }
}

function readProblem(value: unknown, path: string): BackendProblem {
  const fields = readObject(value, path)
  return {
    code: readOneOf(fields["code"], `${path}/code`, ["upstream_failed", "feature_unsupported"]),
    message: readText(fields["message"], `${path}/message`),
  }
}

function readRetry(value: unknown, path: string): RetryConfig {
  const fields = readObject(value, path)
  const triggers = readList(fields["triggers"], `${path}/triggers`, ENTRIES_MAX)
  return {
    attempts: readInteger(fields["attempts"], `${path}/attempts`, 1, ATTEMPTS_MAX),
    budgetPercent: readInteger(fields["budgetPercent"], `${path}/budgetPercent`, 0, 100),
    triggers: triggers.map((trigger, index) =>
      readOneOf(trigger, `${path}/triggers/${index}`, [
        "Connect",
        "RateLimited",
        "ServerError",
        "FirstTokenTimeout",
      ]),
    ),
  }
}

function readTimeouts(value: unknown, path: string): TimeoutConfig {
  const fields = readObject(value, path)
  const ms = (name: string): number => readInteger(fields[name], `${path}/${name}`, 1, MS_MAX)
  return {
    requestMs: ms("requestMs"),
    firstTokenMs: ms("firstTokenMs"),
    streamIdleMs: ms("streamIdleMs"),
  }
}
