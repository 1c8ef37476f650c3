import fp from 'fastify-plugin'

/** Parses `application/x-www-form-urlencoded` as Fastify has no parser for it: a repeated name becomes a list. */
export const formParserPlugin = fp(
  async (app) => {
    const type = 'application/x-www-form-urlencoded'
    if (app.hasContentTypeParser(type)) return
    app.addContentTypeParser(type, { parseAs: 'string' }, (_request, body, done) => {
      const fields = new Map<string, string | string[]>()
      for (const [name, value] of new URLSearchParams(String(body))) {
        const before = fields.get(name)
        fields.set(name, before === undefined ? value : [before, value].flat())
      }
      done(null, Object.fromEntries(fields))
    })
  },
  { name: 'fastify-atlassian/form-parser', fastify: '5.x' }
)
