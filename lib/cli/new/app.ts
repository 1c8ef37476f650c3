import { appFiles } from './app-files.ts'
import type { Choice, NewFile } from './choice.ts'
import { platformFiles } from './platform-files.ts'
import { projectFiles } from './project-files.ts'
import { testFiles } from './test-files.ts'
import { uiFiles } from './ui-files.ts'

/** Every file of the new app. */
export function newApp(choice: Choice): NewFile[] {
  return [
    ...projectFiles(choice),
    ...platformFiles(choice),
    ...appFiles(choice),
    ...uiFiles(choice),
    ...testFiles(choice)
  ].sort((one, other) => (one.path < other.path ? -1 : 1))
}
