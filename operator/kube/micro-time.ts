/** As `metav1.MicroTime`: six digits of a second, which Date does not have. */
export function microTime(ms: number): string {
  return new Date(ms).toISOString().replace(/\.(\d{3})Z$/, ".$1000Z")
}
