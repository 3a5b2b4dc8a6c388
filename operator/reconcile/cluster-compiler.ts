/**
 * Everything cluster-wide, compiled once for as long as nothing of it changes.
 *
 * In    the ClusterView and the namespaces, by identity. Out: the CompiledCluster.
 * A bug that only all objects together bring out must not hold up the namespaces' own objects:
 * `compile` throws, for the loop to tell of it and to try again, and `lastGood` gives what compiled
 * last.
 */
import { type CompiledCluster, compileCluster } from "#operator/compile/compile.ts"
import type { CompileSettings } from "#operator/compile/compiled.ts"
import type { ClusterView, NamespaceFacts } from "#operator/index/view.ts"

export interface ClusterCompiler {
  compile(view: ClusterView, namespaces: readonly NamespaceFacts[]): CompiledCluster
  /** Throws as well while nothing has compiled yet. */
  lastGood(view: ClusterView, namespaces: readonly NamespaceFacts[]): CompiledCluster
}

interface Attempt {
  readonly view: ClusterView
  readonly namespaces: readonly NamespaceFacts[]
}

export function createClusterCompiler(settings: CompileSettings): ClusterCompiler {
  let good: (Attempt & { readonly compiled: CompiledCluster }) | null = null
  let bad: (Attempt & { readonly error: unknown }) | null = null
  const compile: ClusterCompiler["compile"] = (view, namespaces) => {
    if (good?.view === view && good.namespaces === namespaces) return good.compiled
    // The same objects give the same result, a failure too.
    if (bad?.view === view && bad.namespaces === namespaces) throw bad.error
    try {
      const compiled = compileCluster(view, settings, namespaces)
      good = { view, namespaces, compiled }
      bad = null
      return compiled
    } catch (error) {
      bad = { view, namespaces, error }
      throw error
    }
  }
  return {
    compile,
    lastGood: (view, namespaces) => {
      try {
        return compile(view, namespaces)
      } catch (error) {
        if (good === null) throw error
        return good.compiled
      }
    },
  }
}
