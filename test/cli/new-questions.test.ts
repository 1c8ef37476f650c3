import { PassThrough } from 'node:stream'
import t, { type Test } from 'tap'
import { createQuestions } from '../../lib/cli/new/questions.ts'

function scene(t: Test) {
  const input = new PassThrough()
  const output = new PassThrough({ encoding: 'utf8' })
  const questions = createQuestions(input, output)
  t.teardown(() => questions.close())
  return { input, questions, shown: () => String(output.read() ?? '') }
}

const platforms = ['connect', 'connect-on-forge', 'forge'] as const

t.test('an answer that is none is asked for again, and a beginning is enough', async (t) => {
  const { input, questions, shown } = scene(t)
  input.write('frog\nconnect-\n')
  t.equal(await questions.pick('platform', platforms, 'forge'), 'connect-on-forge')
  t.match(shown(), /platform \(connect, connect-on-forge, forge\) \[forge\] Please answer connect, .*\nplatform/)
  input.write(' CONNECT \n')
  t.equal(await questions.pick('platform', platforms, 'forge'), 'connect')
  input.write('n\n')
  t.equal(await questions.pick('a page', ['yes', 'no'], 'yes'), 'no')
})

t.test('answers that were typed ahead are kept, and the end of the input ends the questions', async (t) => {
  const { input, questions } = scene(t)
  input.end('\nforge\n')
  t.equal(await questions.pick('product', ['jira', 'confluence'], 'jira'), 'jira')
  t.equal(await questions.pick('platform', platforms, 'connect'), 'forge')
  await t.rejects(questions.pick('database', ['sqlite'], 'sqlite'), /nothing was made/)
})
