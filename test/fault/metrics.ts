/** One sample of a `/metrics` page. */

/** `sample` with its labels, e.g. `sidegate_pushes_total{event="snapshot"}`; undefined when absent. */
export async function readMetric(opsUrl: string, sample: string): Promise<number | undefined> {
  const page = await (await fetch(`${opsUrl}/metrics`)).text()
  const line = page.split("\n").find((one) => one.startsWith(`${sample} `))
  return line === undefined ? undefined : Number(line.slice(sample.length + 1))
}
