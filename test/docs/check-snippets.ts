import { execFile } from 'node:child_process'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Snippet } from './snippets.ts'

/**
 * Documents show the lines that matter. What those lines take for granted is declared here; a snippet that declares
 * one of the names itself hides ours.
 */
const AMBIENT = `
declare const Fastify: typeof import('fastify').default
declare const connectPlugin: typeof import('fastify-atlassian').connectPlugin
declare const app: import('fastify').FastifyInstance
declare const request: import('fastify').FastifyRequest
declare const reply: import('fastify').FastifyReply
declare const descriptor: import('fastify-atlassian').Descriptor
declare const host: import('fastify-atlassian/testing').HostSimulator
declare const tenant: import('fastify-atlassian').ConnectTenant
declare const client: import('fastify-atlassian').HostClient
`

export interface SnippetFile {
  readonly snippet: Snippet
  readonly path: string
}

/**
 * Writes every snippet as a module below `directory`, which has to lie inside of the repository so that the package
 * finds itself. Snippets of one document share a folder; a named one is found under its name.
 */
export async function writeSnippets(directory: string, snippets: readonly Snippet[]): Promise<SnippetFile[]> {
  await rm(directory, { recursive: true, force: true })
  await mkdir(directory, { recursive: true })
  const config = {
    extends: '../../tsconfig.json',
    // Short examples leave a variable unused.
    compilerOptions: { noUnusedLocals: false, noUnusedParameters: false, rootDir: '../..' },
    include: ['**/*.ts'],
    exclude: []
  }
  await writeFile(join(directory, 'tsconfig.json'), JSON.stringify(config))
  await writeFile(join(directory, 'ambient.d.ts'), AMBIENT)
  const files: SnippetFile[] = []
  for (const snippet of snippets) {
    const folder = join(directory, snippet.document.replace(/\W+/g, '-'))
    await mkdir(folder, { recursive: true })
    const path = join(folder, snippet.name ?? `line-${snippet.line}.ts`)
    await writeFile(path, `${snippet.code}\nexport {}\n`, { flag: 'wx' })
    files.push({ snippet, path })
  }
  return files
}

/** Type-checks the folder as a consumer would. Gives one line per mistake, by document and line. */
export async function typeCheck(root: string, directory: string, files: readonly SnippetFile[]): Promise<string[]> {
  const tsc = join(root, 'node_modules/typescript/lib/tsc.js')
  const { code, output } = await run([tsc, '--noEmit', '--pretty', 'false', '-p', directory], directory)
  if (code === 0) return []
  const mistakes = output.split('\n').filter((line) => line.includes('error TS'))
  return mistakes.length === 0 ? [output] : mistakes.map((line) => byDocument(line, files))
}

function byDocument(mistake: string, files: readonly SnippetFile[]): string {
  const [, path = '', line = '', rest = ''] = /^(.+?)\((\d+),\d+\): (.*)$/.exec(mistake) ?? []
  const file = files.find((one) => path !== '' && one.path.endsWith(path.replace(/^(?:\.\.?\/)+/, '')))
  if (file === undefined) return mistake
  return `${file.snippet.document}:${file.snippet.line + Number(line) - 1}: ${rest}`
}

/** Runs one snippet to its end, in a folder of its own documents, and gives its exit code and what it printed. */
export function runSnippet(file: SnippetFile, folder: string): Promise<{ code: number; output: string }> {
  return run(['--conditions=fastify-atlassian-source', '--disable-warning=ExperimentalWarning', file.path], folder)
}

function run(args: readonly string[], cwd: string): Promise<{ code: number; output: string }> {
  const env = { PATH: process.env.PATH, HOME: process.env.HOME }
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd, env, timeout: 20_000 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1
      resolve({ code, output: `${stdout}${stderr}` })
    })
  })
}
