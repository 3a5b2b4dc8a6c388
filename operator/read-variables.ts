/**
 * Reads environment variables as the settings of a program want them: names, choices, ports.
 *
 * In: the environment. Out: values, and one sentence for each variable that names it, what was
 * wrong with it and what it may be. Must not know which variables there are.
 */

export type Environment = Readonly<Record<string, string | undefined>>

export const DNS_LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/
export const DNS_NAME = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/
const HOST = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?(:[0-9]{1,5})?$/
/** Optional prefix and a name, as Kubernetes has it. */
export const LABEL_KEY =
  /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?$/

/**
 * Unset and empty variables take their default; each wrong one adds a sentence to `problems`.
 */
export function readerOf(env: Environment, problems: string[]) {
  const optional = (name: string): string | null => {
    const value = env[name]
    return value === undefined || value === "" ? null : value
  }
  /**
   * What was wrong is quoted up to 64 characters; the default stands in until the caller gives up.
   */
  const refuse = <T>(name: string, value: string, wanted: string, otherwise: T): T => {
    problems.push(`${name} is "${value.slice(0, 64)}"; it must be ${wanted}`)
    return otherwise
  }
  const within = (
    name: string,
    otherwise: number,
    [least, most]: readonly [number, number],
    what: string,
  ): number => {
    const value = optional(name)
    if (value === null) return otherwise
    const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN
    const isGood = number >= least && number <= most
    return isGood ? number : refuse(name, value, `${what} from ${least} to ${most}`, otherwise)
  }
  const integer = (name: string, otherwise: number, most: number, what: string): number =>
    within(name, otherwise, [0, most], what)
  return {
    optional,
    refuse,
    /** From 0 to `most`. */
    integer: (name: string, otherwise: number, most: number): number =>
      integer(name, otherwise, most, "a whole number"),
    name: (name: string, otherwise: string, pattern: RegExp): string => {
      const value = optional(name) ?? otherwise
      return pattern.test(value) ? value : refuse(name, value, "a Kubernetes name", otherwise)
    },
    names: (name: string, otherwise: readonly string[]): readonly string[] => {
      const value = optional(name)
      if (value === null) return Object.freeze(otherwise)
      const names = value.split(",").map((item) => item.trim())
      const isGood = names.length <= 16 && names.every((item) => DNS_NAME.test(item))
      const wanted = "at most 16 DNS names with commas between"
      return Object.freeze(isGood ? names : refuse(name, value, wanted, otherwise))
    },
    /** `host` or `host:port`, with commas between; none when unset. */
    hosts: (name: string): readonly string[] => {
      const value = optional(name)
      if (value === null) return Object.freeze([])
      const hosts = value.split(",").map((item) => item.trim())
      const isGood = hosts.length <= 64 && hosts.every((item) => HOST.test(item))
      const wanted = "at most 64 of host or host:port with commas between"
      return Object.freeze(isGood ? hosts : refuse(name, value, wanted, []))
    },
    choice: <T extends string>(name: string, otherwise: T, allowed: readonly T[]): T => {
      const value = optional(name) ?? otherwise
      const found = allowed.find((one) => one === value)
      return found ?? refuse(name, value, `one of ${allowed.join(", ")}`, otherwise)
    },
    ms: (name: string, otherwise: number, most: number): number =>
      integer(name, otherwise, most, "milliseconds"),
    seconds: (name: string, otherwise: number, least: number, most: number): number =>
      within(name, otherwise, [least, most], "seconds"),
    days: (name: string, otherwise: number, least: number, most: number): number =>
      within(name, otherwise, [least, most], "days"),
    /** 0 takes a free one. */
    port: (name: string, otherwise: number): number => integer(name, otherwise, 65_535, "a port"),
  }
}
