import { readFileSync } from 'node:fs'
import { table } from './table.ts'

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  }[]
  readonly samples: readonly number[]
}

/** Where the time of a profiled server went: the functions with the most time of their own, idle time left out. */
export function profileSummary(path: string, count = 15): string {
  const { nodes, samples }: CpuProfile = JSON.parse(readFileSync(path, 'utf8'))
  const labels = new Map(nodes.map(({ id, callFrame }) => [id, labelOf(callFrame)]))
  const hits = new Map<string, number>()
  for (const id of samples) {
    const label = labels.get(id) ?? '?'
    if (label !== '(idle)') hits.set(label, (hits.get(label) ?? 0) + 1)
  }
  const total = [...hits.values()].reduce((sum, value) => sum + value, 0)
  const top = [...hits].sort(([, a], [, b]) => b - a).slice(0, count)
  return table(top.map(([label, value]) => [label, `${((value / total) * 100).toFixed(1)} %`]))
}

function labelOf({ functionName, url, lineNumber }: CpuProfile['nodes'][number]['callFrame']): string {
  const file = url.replace(/^.*\/node_modules\//, '').replace(/^file:\/\/.*?\/(lib|plugins|test)\//, '$1/')
  const name = functionName === '' ? '(anonymous)' : functionName
  return file === '' ? name : `${name}  ${file}:${lineNumber + 1}`
}
