import { readTextFile } from '../course/read-file.js'
import { parseClassKey } from '../lab/parameters/seed.js'

/** The key of a class, of which the seeds of its learners are made. @throws VethlabError argument.invalid */
export async function readClassKey(file: string): Promise<string> {
  return parseClassKey(await readTextFile(file), file)
}
