import { defineConfig } from 'vitepress'
import { chapters } from '../chapters.ts'

export default defineConfig({
  title: 'fastify-atlassian',
  description: 'The backend framework for Atlassian Cloud apps on Fastify',
  srcDir: '.pages',
  outDir: 'dist',
  cleanUrls: false,
  // A link to a page that does not exist ends the build.
  ignoreDeadLinks: false,
  markdown: {
    attrs: { disable: true },
    // Links have to hold in the plain files too, so headings get the anchors that code hosts give them.
    anchor: {
      slugify: (heading) =>
        heading
          .toLowerCase()
          .replace(/[^\p{L}\p{N}\s_-]/gu, '')
          .trim()
          .replace(/\s/g, '-')
    },
    html: false,
    // Vue would read braces in a heading or a table as a program.
    config: (markdown) => {
      const { escapeHtml } = markdown.utils
      const plain = (text = '') => escapeHtml(text).replaceAll('{', '&#123;')
      markdown.renderer.rules.text = (tokens, index) => plain(tokens[index]?.content)
      markdown.renderer.rules.code_inline = (tokens, index) => `<code v-pre>${plain(tokens[index]?.content)}</code>`
    }
  },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      { text: 'Start', link: '/getting-started' },
      { text: 'Reference', link: '/reference/' }
    ],
    sidebar: chapters
  }
})
