import { readFileSync } from 'node:fs'
import { extname, join, normalize } from 'node:path'
import type HandlebarsModule from 'handlebars'
import { OptionError } from '../lib/errors.ts'

/** An instance of Handlebars. */
export type Handlebars = ReturnType<typeof HandlebarsModule.create>

type Template = (data: Readonly<Record<PropertyKey, unknown>>, options?: object) => string

/** `{{!< name}}`: the page wants to stand in this layout. */
const SELECTS = /\{\{!<\s*([\w./-]+)\s*\}\}/

/** Where a page leaves what it has for blocks of its layout. */
const blocks = Symbol('fastify-atlassian blocks')

/**
 * Gives an instance of Handlebars what the templates of express-hbs use: `{{!< layout}}` selects a layout below `root`
 * (which may select one itself) that shows the page with `{{{body}}}`, and `{{#contentFor "name"}}` in a page fills
 * `{{{block "name"}}}` of its layout. Rendering fails with OptionError for a layout that is not there.
 */
export function withLayouts(engine: Handlebars, root: string, layoutOfAll: unknown): Handlebars {
  const compile = engine.compile.bind(engine)
  registerBlocks(engine)

  function compileInLayout(source: string, options: CompileOptions | undefined, seen: readonly string[]): Template {
    const page: Template = compile(source, options)
    const name = SELECTS.exec(source)?.[1]
    if (name === undefined) return page
    const file = layoutFile(root, name)
    if (layoutOfAll !== undefined) {
      throw new OptionError(
        'views.layout',
        String(layoutOfAll),
        `a template selects the layout ${name} itself: use one of both`
      )
    }
    if (seen.includes(file)) throw new OptionError('views', name, 'this layout stands in itself')
    const layout = compileInLayout(readLayout(file, name), options, [...seen, file])
    return (data, given) => {
      const shared = { ...data, [blocks]: data[blocks] ?? Object.create(null) }
      const body = new engine.SafeString(page(shared, given))
      return layout({ ...shared, body }, given)
    }
  }

  return Object.assign(Object.create(engine) as Handlebars, {
    compile: (source: unknown, options?: CompileOptions) =>
      typeof source === 'string' ? compileInLayout(source, options, []) : compile(source, options)
  })
}

type CompileOptions = Parameters<Handlebars['compile']>[1]

/** Dots in front lead from the folder of the page to `root`, below which every layout lies. */
function layoutFile(root: string, name: string): string {
  const path = normalize(name.replace(/^(?:\.{1,2}\/)+/, ''))
  if (path.startsWith('..')) throw new OptionError('views', name, 'a layout has to lie below the folder of the views')
  return join(root, extname(path) === '' ? `${path}.hbs` : path)
}

function readLayout(file: string, name: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    throw new OptionError('views', name, 'a template selects it as its layout, and there is no such file')
  }
}

interface HelperOptions {
  readonly data: { readonly root: Readonly<Record<PropertyKey, unknown>> }
  readonly fn?: (context: unknown) => string
}

type Helper = (this: unknown, name: string, options: HelperOptions) => unknown

function registerBlocks(engine: Handlebars): void {
  function register(name: string, helper: Helper): void {
    engine.registerHelper(name, function help(this: unknown, ...given: unknown[]) {
      // Without the name of a block it is a variable of the page that is called like the helper.
      if (typeof given[0] !== 'string') return Reflect.get(Object(this), name)
      return helper.call(this, given[0], given[1] as HelperOptions)
    })
  }

  register('contentFor', function contentFor(name, { data, fn }) {
    const left = leftIn(data.root)
    left[name] = [...(left[name] ?? []), fn?.(this) ?? '']
    return ''
  })
  register('block', function block(name, { data, fn }) {
    return new engine.SafeString((leftIn(data.root)[name] ?? [fn?.(this) ?? '']).join('\n'))
  })
}

function leftIn(root: Readonly<Record<PropertyKey, unknown>>): Record<string, string[]> {
  return (root[blocks] ?? Object.create(null)) as Record<string, string[]>
}
