import { readFileSync } from 'node:fs'

/** Ticks of all cores, and those of them that were busy. */
interface Ticks {
  readonly total: number
  readonly busy: number
  readonly own: number
}

/**
 * Which share of one core other programs used, between this call and the call of what it gives. `null` where the
 * system does not tell.
 */
export function watchForeignCpu(pids: readonly number[], cores: number): () => number | null {
  const before = readTicks(pids)
  return () => {
    const after = readTicks(pids)
    if (before === null || after === null || after.total === before.total) return null
    const foreign = after.busy - before.busy - (after.own - before.own)
    return Math.max(0, (foreign / (after.total - before.total)) * cores)
  }
}

function readTicks(pids: readonly number[]): Ticks | null {
  try {
    const [user = 0, nice = 0, system = 0, idle = 0, wait = 0, irq = 0, softIrq = 0, steal = 0] = fieldsOf(
      readFileSync('/proc/stat', 'utf8')
        .split('\n')[0]
        ?.replace(/^cpu +/, '') ?? ''
    )
    // Interrupts of loopback traffic are the work of the bench itself.
    const busy = user + nice + system + steal
    const own = pids.map((pid) => fieldsOf(readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '')))
    return {
      total: busy + idle + wait + irq + softIrq,
      busy,
      own: own.reduce((sum, fields) => sum + (fields[11] ?? 0) + (fields[12] ?? 0), 0)
    }
  } catch {
    return null
  }
}

function fieldsOf(line: string): number[] {
  return line.trim().split(/\s+/).map(Number)
}
