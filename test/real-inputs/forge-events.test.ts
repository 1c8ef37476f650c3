import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { buildEventApp } from '../helpers/forge-events.ts'
import { until } from '../plugins/until.ts'
import { absent, hasRealInputs, jsonFiles, realInputs } from './folder.ts'

const none: readonly string[] = []
const files = hasRealInputs ? jsonFiles('forge-events').filter((name) => /^(?:avi|app-event)-/.test(name)) : none

t.test(
  'every event that is documented is taken, and heard by its own name',
  { skip: !hasRealInputs && absent },
  async (t) => {
    t.ok(files.length > 20, 'the files were found')
    const scene = await buildEventApp(t)
    for (const [index, name] of files.entries()) {
      const body = JSON.parse(readFileSync(join(realInputs, 'forge-events', name), 'utf8'))
      t.equal((await scene.send(body)).statusCode, 204, name)
      await until(() => scene.heard.length === index + 1)
      t.equal(scene.heard[index]?.event, body.eventType ?? body.type, name)
    }
  }
)
