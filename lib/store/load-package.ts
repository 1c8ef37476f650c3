import { MissingPackageError } from '../errors.ts'

/**
 * Imports a driver when it is first needed, so that an app installs only the one it uses.
 * Throws MissingPackageError with the install command when it is not installed.
 */
export async function loadPackage<Module>(
  packageName: string,
  neededFor: string,
  load: () => Promise<Module>
): Promise<Module> {
  try {
    return await load()
  } catch (error) {
    if (isNotFound(error, packageName)) throw new MissingPackageError(packageName, neededFor, error)
    throw error
  }
}

/** Not when the package is there and one of its own dependencies is missing: that has another remedy. */
function isNotFound(error: unknown, packageName: string): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    error.code === 'ERR_MODULE_NOT_FOUND' &&
    error.message.includes(`'${packageName}'`)
  )
}
