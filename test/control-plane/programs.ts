/** Which programs the test control plane runs, and in which versions. */

/** What the Go module files in `go/kubernetes` name. */
export const KUBERNETES_VERSION = "1.35.4"

/** The newest envtest release of the same minor version. */
export const ENVTEST_VERSION = "1.35.0"

export const PROGRAMS = ["etcd", "kube-apiserver", "kubectl"] as const

/** Takes one line of progress for the person who waits. */
export type Say = (line: string) => void
