/**
 * Counters and histograms whose labels are bound once: the client library hashes and checks its
 * labels at every observation, which costs as much as a whole stage of a request.
 *
 * In: numbers for one bound set of labels. Out: metrics of the client library's registry, filled
 * when scraped.
 */
import { Counter, Histogram, type Registry } from "prom-client"

export interface MetricShape {
  readonly name: string
  readonly help: string
  readonly labels: readonly string[]
}

/**
 * Sets of labels of one metric; past it everything more is counted in one set, `other` for every
 * label.
 */
export const SERIES_MAX = 2_000

export interface BoundCounter {
  add(value: number): void
}

export interface BoundHistogram {
  observe(value: number): void
}

type Labels = Readonly<Record<string, string>>

/** Counters by their bound labels. */
export class CounterFamily {
  readonly #names: readonly string[]
  readonly #series = new Map<string, { readonly labels: Labels; value: number } & BoundCounter>()

  constructor(registry: Registry, shape: MetricShape) {
    this.#names = shape.labels
    const series = this.#series
    new Counter({
      name: shape.name,
      help: shape.help,
      labelNames: shape.labels,
      registers: [registry],
      collect() {
        this.reset()
        for (const { labels, value } of series.values()) {
          // Bound, but never added to: absent, not zero.
          if (value > 0) this.inc(labels, value)
        }
      },
    })
  }

  /** `values` in the order of the shape's labels. Bind once, keep, and add often. */
  bind(...values: readonly string[]): BoundCounter {
    return bindSeries(this.#series, this.#names, values, (labels) => ({
      labels,
      value: 0,
      add(value: number) {
        this.value += value
      },
    }))
  }
}

/** Histograms by their bound labels. */
export class HistogramFamily {
  readonly #names: readonly string[]
  readonly #bounds: readonly number[]
  readonly #series = new Map<string, Series>()

  constructor(registry: Registry, shape: MetricShape & { readonly buckets: readonly number[] }) {
    this.#names = shape.labels
    this.#bounds = shape.buckets
    registry.registerMetric(new FilledHistogram(shape, this.#series, shape.buckets))
  }

  bind(...values: readonly string[]): BoundHistogram {
    return bindSeries(this.#series, this.#names, values, (labels) => {
      return new Series(labels, this.#bounds)
    })
  }
}

class Series implements BoundHistogram {
  readonly labels: Labels
  readonly #bounds: readonly number[]
  /** How many fell into each bucket alone; the last is above every bound. */
  readonly counts: number[]
  sum = 0

  constructor(labels: Labels, bounds: readonly number[]) {
    this.labels = labels
    this.#bounds = bounds
    this.counts = new Array<number>(bounds.length + 1).fill(0)
  }

  observe(value: number): void {
    let index = 0
    while (index < this.#bounds.length && value > (this.#bounds[index] ?? 0)) index += 1
    this.counts[index] = (this.counts[index] ?? 0) + 1
    this.sum += value
  }
}

/** Takes its values from the bound series instead of its own. */
class FilledHistogram extends Histogram {
  readonly #shape: MetricShape
  readonly #series: ReadonlyMap<string, Series>
  readonly #bounds: readonly number[]
  /**
   * Gives everything but the values: `get` of a Histogram reads them through what is replaced here.
   */
  readonly #empty: Histogram

  constructor(shape: MetricShape, series: ReadonlyMap<string, Series>, buckets: readonly number[]) {
    const { name, help, labels } = shape
    const configuration = {
      name,
      help,
      labelNames: [...labels],
      buckets: [...buckets],
      registers: [],
    }
    super(configuration)
    this.#empty = new Histogram(configuration)
    this.#shape = shape
    this.#series = series
    this.#bounds = buckets
  }

  // The registry reads the text form through this method when it is there.
  getForPromString(): ReturnType<Histogram["get"]> {
    return this.get()
  }

  override async get(): ReturnType<Histogram["get"]> {
    const values = [...this.#series.values()].flatMap((series) => this.#valuesOf(series))
    return { ...(await this.#empty.get()), values }
  }

  #valuesOf({ labels, counts, sum }: Series): Filled[] {
    const { name } = this.#shape
    if (counts.every((count) => count === 0)) return []
    const filled: Filled[] = []
    let total = 0
    for (const [index, count] of counts.entries()) {
      total += count
      const le = this.#bounds[index] ?? "+Inf"
      filled.push({ metricName: `${name}_bucket`, labels: { le, ...labels }, value: total })
    }
    filled.push({ metricName: `${name}_sum`, labels, value: sum })
    filled.push({ metricName: `${name}_count`, labels, value: total })
    return filled
  }
}

interface Filled {
  readonly metricName: string
  readonly labels: Record<string, string | number>
  readonly value: number
}

function bindSeries<T>(
  series: Map<string, T>,
  names: readonly string[],
  values: readonly string[],
  make: (labels: Labels) => T,
): T {
  const isFull = series.size >= SERIES_MAX
  const key = values.join("\0")
  const held = series.get(key)
  if (held !== undefined) return held
  const bound = isFull ? names.map(() => "other") : values
  const labels = Object.fromEntries(names.map((name, index) => [name, bound[index] ?? ""]))
  const boundKey = bound.join("\0")
  const made = series.get(boundKey) ?? make(labels)
  series.set(boundKey, made)
  return made
}
