/** What stands in texts of a lab for a value: `{{name}}`. */

/** Words of Go's templates, as `docker inspect -f` takes them: no value is called so, and they stay as they are. */
export const wordsOfGo: readonly string[] = ['end', 'else', 'break', 'continue']

const notOfGo = `(?!(?:${wordsOfGo.join('|')})\\}\\})`

/** A live value. */
export const placeholder = new RegExp(`\\{\\{${notOfGo}([a-z0-9_]+)\\}\\}`, 'g')

const parameter = `\\{\\{${notOfGo}([a-z][a-z0-9_]*(?:\\.[a-z][a-z0-9_]*)?)\\}\\}`

/** A parameter, or `{{name.field}}` of an entry that has fields. */
export const parameterPlaceholder = new RegExp(parameter, 'g')

/** A text that is nothing else. */
export const wholeParameter = new RegExp(`^${parameter}$`)
