import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkDescriptor, checkManifest, createManifest, loadDescriptor } from 'fastify-atlassian/core'
import t from 'tap'
import { parse } from 'yaml'
import { readManifestFile } from '../../lib/cli/read-manifest-file.ts'
import { manifestToYaml } from '../../lib/manifest/to-yaml.ts'
import { absent, hasRealInputs, jsonFiles, realInputs } from './folder.ts'

const skip = !hasRealInputs && absent

/** What is found in manifests of apps that run; an app of functions alone has nothing to find. */
const expected: Readonly<Record<string, readonly string[]>> = {
  'circleci-for-jira.yml': ['remote-operations-missing'],
  'jenkins-for-jira.yml': [],
  'onlyoffice-jira.yml': [],
  // Neither asks for the scopes of the tokens that its endpoints enable.
  'runtime-bridge-connect.yml': ['system-token-without-scope', 'user-token-without-scope'],
  'runtime-bridge-container.yml': ['connect-scope-unused'],
  'runtime-bridge-remote.yml': ['system-token-without-scope', 'user-token-without-scope', 'connect-scope-unused']
}

t.test('manifests of real apps are understood', { skip }, async (t) => {
  const folder = join(realInputs, 'manifests')
  const names = readdirSync(folder).filter((name) => name.endsWith('.yml'))
  t.same(names.sort(), Object.keys(expected))
  for (const name of names) {
    const findings = checkManifest(readManifestFile(join(folder, name)))
    t.same(
      findings.map(({ code }) => code),
      expected[name],
      name
    )
  }
})

t.test(
  'what is made of a real descriptor passes the check, but for what the notes call an error',
  { skip },
  async (t) => {
    let made = 0
    for (const name of jsonFiles('descriptors')) {
      const source = JSON.parse(readFileSync(join(realInputs, 'descriptors', name), 'utf8'))
      const descriptor = await loadDescriptor(source, { baseUrl: 'https://app.example.com', appKey: 'an-app' }).catch(
        () => null
      )
      // The command refuses the others before.
      if (descriptor === null || checkDescriptor(descriptor).some(({ severity }) => severity === 'error')) continue
      made++
      const { manifest, notes } = createManifest({ descriptor })
      const findings = checkManifest(parse(manifestToYaml(manifest, name)), { descriptor })
      const errors = findings.filter(({ severity }) => severity === 'error').map(({ code }) => code)
      t.same(errors, notes.some(({ code }) => code === 'module-without-key') ? ['module-key-missing'] : [], name)
    }
    t.ok(made > 9, 'most descriptors are complete')
  }
)
