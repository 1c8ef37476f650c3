import { type FSWatcher, readdirSync, statSync, watch } from 'node:fs'
import { dirname, extname, join } from 'node:path'

/** Folders that hold no source, or too much. */
const left = new Set(['node_modules', 'dist', 'build', 'coverage'])
const watched = new Set(['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs', '.json', '.jsonc', '.yml', '.yaml'])
const QUIET_MS = 80

/** A watch that goes on until it is closed. */
export interface TreeWatcher {
  close(): void
}

/**
 * Calls back with the files that changed, once they rest. Watches folder by folder, because an editor replaces files,
 * and leaves out `node_modules`, hidden folders and build results, unless the entry lies there.
 */
export function watchTree(
  root: string,
  entry: string,
  changed: (files: readonly string[]) => void,
  trouble: (reason: string) => void = () => {}
): TreeWatcher {
  const watchers = new Map<string, FSWatcher>()
  const seen = new Map<string, string>()
  const pending = new Set<string>()
  let timer: NodeJS.Timeout | undefined

  function add(folder: string, isNew: boolean): void {
    if (watchers.has(folder)) return
    let names: string[]
    try {
      names = readdirSync(folder)
      const watcher = watch(folder, (_event, name) => name !== null && met(join(folder, name)))
      watcher.on('error', () => drop(folder))
      watchers.set(folder, watcher)
    } catch (error) {
      // One that is gone again, or not ours to read, holds no source. A limit of the system concerns all.
      const code = error instanceof Error && 'code' in error ? String(error.code) : ''
      if (code === 'ENOSPC' || code === 'EMFILE') trouble(`"${folder}" is not watched (${code}): too many folders`)
      return
    }
    for (const name of names) look(join(folder, name), isNew)
  }

  function look(path: string, isNew: boolean): void {
    const stats = statSync(path, { throwIfNoEntry: false })
    if (stats?.isDirectory()) {
      if (isWanted(path)) add(path, isNew)
    } else if (stats?.isFile() && watched.has(extname(path))) {
      if (isNew) met(path)
      else seen.set(path, `${stats.mtimeMs} ${stats.size}`)
    }
  }

  function isWanted(folder: string): boolean {
    const name = folder.slice(dirname(folder).length + 1)
    return (
      !name.startsWith('.') && (!left.has(name) || (name !== 'node_modules' && entry.startsWith(join(folder, '/'))))
    )
  }

  function drop(folder: string): void {
    watchers.get(folder)?.close()
    watchers.delete(folder)
  }

  function met(path: string): void {
    pending.add(path)
    clearTimeout(timer)
    timer = setTimeout(flush, QUIET_MS)
  }

  function flush(): void {
    const files: string[] = []
    for (const path of [...pending]) {
      pending.delete(path)
      const stats = statSync(path, { throwIfNoEntry: false })
      if (stats?.isDirectory()) {
        if (isWanted(path)) add(path, true)
        continue
      }
      if (stats === undefined) drop(path)
      if (!watched.has(extname(path))) continue
      const mark = stats === undefined ? 'gone' : `${stats.mtimeMs} ${stats.size}`
      if (seen.get(path) === mark) continue
      seen.set(path, mark)
      files.push(path)
    }
    if (files.length > 0) changed(files)
  }

  add(root, false)
  return {
    close() {
      clearTimeout(timer)
      for (const folder of [...watchers.keys()]) drop(folder)
    }
  }
}
