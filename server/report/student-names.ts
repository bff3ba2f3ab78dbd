import type { StudentNames } from './result.js'

/**
 * One of a class's list, as results name a student; what the class calls their id is what its system does. What part of a name is which
 * nobody can tell, so that all of it is in one column.
 */
export function studentOf({
  name,
  student,
  email,
  section,
}: {
  name: string
  student?: string
  email?: string
  section?: string
}): StudentNames {
  return {
    firstName: name,
    ...(student === undefined ? {} : { id: student, sisId: student }),
    ...(email === undefined ? {} : { email }),
    ...(section === undefined ? {} : { section }),
  }
}
